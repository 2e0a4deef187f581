"""Tests of answers to requests for speech: their bytes, formats, captions."""
