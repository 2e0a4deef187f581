"""Recordings of jobs: who owns them, their texts, their encoded files."""
