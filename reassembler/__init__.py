"""Reassembler: emits sentences in order when notified, and records them. It knows neither Celery nor engines."""
