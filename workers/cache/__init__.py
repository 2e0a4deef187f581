"""The cache of a worker: sentences that were spoken before, kept in files."""
