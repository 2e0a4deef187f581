"""Tests of jobs on a running system: submitted, read, ended."""
