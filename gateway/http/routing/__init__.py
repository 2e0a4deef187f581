"""Routing: which server's pool speaks a request, and which server has a job."""
