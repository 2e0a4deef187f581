"""Sentences of a job: what each has of its own beside its text."""
