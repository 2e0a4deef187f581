"""A batch: many files, each spoken into a file of its own, by `seriatim batch`."""
