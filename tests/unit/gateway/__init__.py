"""Tests of the process itself: loading, threads."""
