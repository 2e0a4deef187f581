"""Sound into bytes of a format: what `Job.save`, the command line and every other door write with."""
