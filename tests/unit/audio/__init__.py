"""Tests of audio: encoders, their headers, files that grow."""
