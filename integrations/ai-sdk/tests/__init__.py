"""Test of the example."""
