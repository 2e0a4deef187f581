"""Tests of the gateway's processes and of the command line: what they load, write, and keep for each other."""
