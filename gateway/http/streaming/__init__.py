"""Streaming of audio: answers, text sessions, who encodes next."""
