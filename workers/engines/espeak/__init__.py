"""The espeak engine: espeak-ng in processes of its own."""
