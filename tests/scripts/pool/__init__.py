"""Tests of the pool's scripts (seriatim/lua/pool), against a model."""
