"""Output files and pipes: speech while it is being written, resumable after an interruption."""
