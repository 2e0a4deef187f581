"""The pool's state machine: its scripts and their model under the same operations."""
