"""Rendering for a terminal or a picture: tables, progress, plots."""
