"""Audiobooks: a document becomes a book of spoken chapters, each of which is spoken once and kept."""
