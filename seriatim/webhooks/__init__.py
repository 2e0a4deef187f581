"""Webhooks: signed messages to a URL when a job has ended; the records and rules of them."""
