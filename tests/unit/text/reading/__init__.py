"""Unit tests: what a whole text makes of numbers, dates and signs."""
