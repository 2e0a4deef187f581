"""Tune workers to a machine: try settings, measure each in fresh processes, and advise."""
