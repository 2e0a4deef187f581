"""Tests of marks that are not read."""
