"""Schemas: bodies of requests and answers."""
