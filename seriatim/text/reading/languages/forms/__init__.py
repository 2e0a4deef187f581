"""Forms that one language alone writes, each in a module of its own."""
