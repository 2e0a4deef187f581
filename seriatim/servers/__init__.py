"""Redis and broker servers: addresses, connections, checks, errors."""
