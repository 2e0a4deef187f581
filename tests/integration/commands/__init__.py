"""Tests of commands, each in a process of its own."""
