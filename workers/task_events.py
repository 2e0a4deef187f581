"""The events of one worker process, for Flower and `celery events`: none is lost, no slot waits for them.

Slots append an event to a buffer; Celery's own loop sends what is there. Celery empties the buffer after sending it,
and with it what a thread appended meanwhile: a third of all events, under load. Here only what was sent is removed.
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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # without a limit a slot never flushes: a broker that hangs would keep it from speaking
        super().__init__(*args, **(kwargs | {"buffer_limit": sys.maxsize}))

    def flush(self, errors: bool = True, groups: bool = True) -> None:  # noqa: FBT001  # Celery's signature
        """Send what is buffered. What the broker does not take is kept, and sent with the next flush."""
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
        """Take over what another one, whose connection broke, has not sent."""
        super().extend_buffer(other)
        for group, events in list(other._group_buffer.items()):  # noqa: SLF001  # of the same class
            self._group_buffer[group].extend(events)
