"""Recordings in a bucket: a real S3 server in a process of its own, which is killed and comes back."""
