"""Recordings of jobs: their owners, source texts and encoded files."""
