"""Read-along books: EPUB 3 whose text is marked, sentence by sentence, while its audio plays (media overlays)."""
