"""Reading a job: entries, sentence times, captions, delivery reports."""
