"""Tests of processes killed, servers gone, connections lost."""
