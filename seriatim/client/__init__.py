"""The client: jobs are enqueued, read, steered and saved through it."""
