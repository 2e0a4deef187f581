"""Tests of engines without a system around them, and of what chooses them."""
