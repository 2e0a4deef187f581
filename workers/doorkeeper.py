"""What stands between the broker and Celery: only a message that names an attempt passes, exactly as we write them.

Whoever reaches the broker can put anything into a queue. Celery checks less than it needs to: a task's name that is a
list ends the whole process, and so does an element that is no message at all; what was not acknowledged comes back.
Calls that a message wants to be made after its own, times to wait until, and other tasks' names are nothing of ours
either. What is thrown away costs nothing: a sentence whose message is lost is rung for again.
"""

import json
import logging
from collections.abc import Callable
from typing import Any, cast

from celery.worker.consumer import Consumer

from seriatim.records import BadRecord, Doorbell
from tasks.app import TASK
from tasks.synthesize import doorbell

log = logging.getLogger(__name__)

BODY_MOST = 4096  #: bytes; a message that names an attempt has about 150
WISHES = ("eta", "expires", "group", "chord", "compression")  #: headers that make Celery do more than call the task


class Doorkeeper(Consumer):
    """Celery's consumer, which sees our own messages only, and does not end its process for the others."""

    connection_errors: tuple[type[Exception], ...]  #: of the transport; Celery connects again after one
    loop: Callable[..., None]
    hub: Any
    _flush_events: Callable[[], None]

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Any], None]:
        """What is done with each message."""
        take = super().create_task_handler(*args, **kwargs)

        def look(message: Any) -> None:
            try:
                bell_of(message.content_type, message.headers, message.body)
            except BadRecord as error:
                log.warning("a message was thrown away", extra={"error": str(error)})
                message.ack_log_error(log, self.connection_errors)
            else:
                take(message)

        return look

    def start(self) -> None:
        """Consume until told to stop. What the transport cannot read breaks the connection, not the process."""
        loop = self.loop

        def enduring(*args: Any) -> None:
            try:
                loop(*args)
            except self.connection_errors:
                raise
            except Exception as error:
                log.warning("something in the queue is no message", extra={"error": repr(error)[:200]})
                why = "the broker holds what is no message"
                raise ConnectionResetError(why) from error

        self.loop = enduring
        super().start()

    def on_send_event_buffered(self) -> Callable[..., Any]:
        """Have the loop send events. Slots call this: Celery's own changes a set that the loop may be walking."""
        return cast("Callable[..., Any]", self.hub.call_soon(self._flush_events))


def bell_of(content_type: object, headers: object, body: object) -> Doorbell:
    """The attempt that a message names.

    Raises:
        BadRecord: it is not exactly one of our messages.
    """
    if content_type != "application/json" or not isinstance(headers, dict) or headers.get("task") != TASK:
        raise BadRecord("a message that is not a JSON call of our task")
    wishes = [name for name in WISHES if headers.get(name)]
    if wishes:
        raise BadRecord(f"a message with {', '.join(wishes)}; ours have none")
    args, kwargs, embedded = _parts(body)
    if kwargs or any(embedded.values()) or len(args) != 3:
        raise BadRecord("a message that asks for more than an attempt")
    return doorbell(*args)


def _parts(body: object) -> tuple[list[Any], dict[str, Any], dict[str, Any]]:
    if not isinstance(body, str | bytes | bytearray | memoryview) or len(body) > BODY_MOST:
        raise BadRecord(f"a message whose body is no text of at most {BODY_MOST} bytes")
    try:
        parts = json.loads(body if isinstance(body, str) else bytes(body))
    except (ValueError, RecursionError):
        raise BadRecord("a message whose body is no JSON") from None
    match parts:
        case [list(args), dict(kwargs), dict(embedded)]:
            return args, kwargs, embedded
    raise BadRecord("a message whose body is no call")
