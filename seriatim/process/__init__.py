"""Processes of this machine: children, interpreters, signals, the home folder."""
