"""Encoding of streamed responses."""
