"""Coqui XTTS-v2: one model, many sentences at once. Torch is imported by the modules that need it, never here."""
