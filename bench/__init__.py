"""Measurements: ourselves, the limits and the rivals, in one run (`make bench`)."""
