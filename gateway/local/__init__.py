"""A local system: the processes, the Redis and the folders of one machine."""
