"""Tests of pronunciations within texts."""
