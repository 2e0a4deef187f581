"""The XTTS model: checkpoint, transformer, sampling, vocoder."""
