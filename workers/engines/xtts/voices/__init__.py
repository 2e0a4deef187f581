"""Voices of XTTS: cloned from recordings, kept as files, found by name."""
