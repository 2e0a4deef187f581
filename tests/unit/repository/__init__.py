"""Checks of the repository itself: names, words, documents, tables, what is packed."""
