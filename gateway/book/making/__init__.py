"""Making of a book, step by step: what the command line and the gateway have in common."""
