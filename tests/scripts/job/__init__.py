"""Tests of a job's scripts (seriatim/lua/job), against a model."""
