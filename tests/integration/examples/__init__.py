"""Tests of documents' and users' programs, and of the benches, run as they are written."""
