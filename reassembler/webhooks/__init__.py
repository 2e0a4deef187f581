"""Delivery of webhooks, by any reassembler."""
