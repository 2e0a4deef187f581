"""Output files and pipes: speech is written as it arrives, and files can be resumed after an interruption."""
