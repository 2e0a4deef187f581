"""The EPUB reader: package, table of contents, notes and pages of a book."""
