"""Reading of jobs: stream entries, sentence times, captions, delivery reports."""
