"""Webhooks of commands: a signed message when a file, a book or a batch has ended."""
