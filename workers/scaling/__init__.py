"""Scaling of worker processes: a supervisor adds some when live claims come late, and drains one in quiet times."""
