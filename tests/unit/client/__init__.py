"""Tests of what programs use: requests, readers, records, commands' output."""
