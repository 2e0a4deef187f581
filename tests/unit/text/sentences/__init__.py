"""Tests of where sentences end."""
