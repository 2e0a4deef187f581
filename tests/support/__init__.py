"""Support for tests: servers, systems, expected audio."""
