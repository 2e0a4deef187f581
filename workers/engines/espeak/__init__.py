"""The espeak engine: espeak-ng in child processes."""
