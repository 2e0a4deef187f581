"""Encoding of streamed answers."""
