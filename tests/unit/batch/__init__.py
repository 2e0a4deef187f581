"""Tests of books: plans, corrections, the quality of sentences."""
