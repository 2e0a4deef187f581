"""Audio encoding: PCM into the bytes of a format, for `Job.save`, the command line and HTTP alike."""
