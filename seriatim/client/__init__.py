"""The client library: enqueue, read, control and save jobs."""
