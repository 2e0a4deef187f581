"""Task events of one worker process, for Flower and `celery events`: none is lost, and no slot waits for them.

Slots append events to a buffer, which Celery's own loop sends. Celery empties the buffer after sending, and so loses
what a thread appended meanwhile: a third of all events, under load. Here only the events that were sent are removed.
"""

import sys
from typing import Any

from celery.events.dispatcher import EventDispatcher


class TaskEventSender(EventDispatcher):
    """Celery's dispatcher, for threads that send while it flushes."""

    mutex: Any
    producer: Any
    _outbound_buffer: Any
    _group_buffer: Any
    _publish: Any

    def __init__(self, connection: Any = None, *args: Any, **kwargs: Any) -> None:
        # RabbitMQ confirms nothing while its memory is full: Celery's loop would wait for it
        if (made := getattr(connection, "connection", None)) and hasattr(made, "confirm_publish"):
            made.confirm_publish = False
        # with an unlimited buffer a slot never flushes: a broker that hangs would block it
        super().__init__(connection, *args, **(kwargs | {"buffer_limit": sys.maxsize}))

    def flush(self, errors: bool = True, groups: bool = True) -> None:  # noqa: FBT001  # Celery's signature
        """Send the buffered events. Those that the broker does not accept are kept for the next flush."""
        with self.mutex:
            if errors:
                for _ in range(len(self._outbound_buffer)):
                    event, routing_key, _ = self._outbound_buffer.popleft()
                    self._publish(event, self.producer, routing_key)
            if groups:
                for group, events in list(self._group_buffer.items()):
                    if taken := events[:]:
                        self._publish(taken, self.producer, f"{group}.multi")
                        del events[: len(taken)]

    def extend_buffer(self, other: Any) -> None:
        """Take over the unsent events of a dispatcher whose connection broke."""
        super().extend_buffer(other)
        for group, events in list(other._group_buffer.items()):  # noqa: SLF001  # of the same class
            self._group_buffer[group].extend(events)
