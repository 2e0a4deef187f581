"""Languages that are read aloud, one table each."""
