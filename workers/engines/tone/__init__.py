"""The tone engine: melodies instead of speech, with configurable costs and faults."""
