"""Tests of the benches' own arithmetic and charts."""
