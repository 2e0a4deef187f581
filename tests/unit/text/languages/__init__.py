"""Tests of which language a text is in."""
