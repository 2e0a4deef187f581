"""Tests of benches against real servers and whole systems."""
