"""Recordings without a store: places, names, lines, answers."""
