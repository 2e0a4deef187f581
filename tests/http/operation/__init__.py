"""Tests of what operators of a gateway meet."""
