"""Recordings of jobs that drain to the store: in a folder, or in a bucket of an S3-compatible server."""
