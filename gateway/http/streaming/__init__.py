"""Streaming of audio: responses and text sessions."""
