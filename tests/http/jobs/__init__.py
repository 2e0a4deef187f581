"""Tests of jobs over HTTP: their texts, documents, recordings."""
