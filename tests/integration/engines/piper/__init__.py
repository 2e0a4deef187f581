"""The piper engine, with tiny voices of the genuine format."""
