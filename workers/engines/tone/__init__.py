"""The tone engine: melodies instead of speech, with costs and faults on demand."""
