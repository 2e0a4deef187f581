"""Lua scripts, and one typed Python function for each of them."""
