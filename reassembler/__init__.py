"""The order: wakes on notifications, emits in order, records. Knows neither Celery nor engines."""
