"""Tests of the xtts engine's parts that need no torch."""
