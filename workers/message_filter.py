"""The message filter between the broker and Celery: only a message that names an attempt passes.

Whoever reaches the broker can put anything into a queue. Celery checks less than it needs to: a task's name that is a
list ends the whole process, and so does an element that is no message at all; what was not acknowledged comes back.
Calls that a message wants to be made after its own, times to wait until, and other tasks' names are nothing of ours
either. What is thrown away costs nothing: a sentence whose message is lost is rung for again.
"""

import json
import logging
import time
from collections.abc import Callable
from typing import Any, cast

from celery.worker.consumer import Consumer
from celery.worker.control import nok, ok  # type: ignore[attr-defined]  # the stubs lack it

from seriatim.celery_app import TASK
from seriatim.records import BadRecord, TaskMessage
from tasks.celery_task import parse_task_arguments
from workers.worker_state import WorkerState

log = logging.getLogger(__name__)

BODY_MOST = 4096  #: bytes; a message that names an attempt has about 150
WISHES = ("eta", "expires", "group", "chord", "compression")  #: headers that make Celery do more than call the task


class MessageFilter(Consumer):
    """Celery's consumer, which sees our own messages only, and does not end its process for the others."""

    connection_errors: tuple[type[Exception], ...]  #: of the transport; Celery connects again after one
    loop: Callable[..., None]
    hub: Any
    _flush_events: Callable[[], None]

    def __init__(self, *args: Any, worker_state: WorkerState, **kwargs: Any) -> None:
        """The station learns since when this process consumes, and whether an operator has it take nothing more."""
        super().__init__(*args, **kwargs)
        self.worker_state = worker_state
        self.ours = next(iter(self.app.amqp.queues.consume_from))

    def pause(self, queue: str) -> Any:
        """`celery control cancel_consumer`: finish what runs, take nothing more. Returns the answer."""
        if queue != self.ours:
            return nok(f"this worker's queue is {self.ours}")
        self.worker_state.takes.clear()
        self.call_soon(self.cancel_task_queue, queue)
        return ok(f"takes nothing more from {queue} until add_consumer")

    def resume(self, queue: str) -> Any:
        """`celery control add_consumer`: take work again. Celery alone would forget it with the next connection."""
        if queue != self.ours:
            return nok(f"this worker serves {self.ours} alone: start one for another pool (seriatim worker --pool)")
        self.app.amqp.queues.select([queue])
        self.call_soon(self.add_task_queue, queue)
        self.worker_state.takes.set()
        return ok(f"takes from {queue} again")

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Any], None]:
        """What is done with each message."""
        take = super().create_task_handler(*args, **kwargs)

        def look(message: Any) -> None:
            try:
                parse_message(message.content_type, message.headers, message.body)
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
            self.worker_state.consumes_s = time.monotonic()
            try:
                loop(*args)
            except self.connection_errors:
                raise
            except Exception as error:
                log.warning("something in the queue is no message", extra={"error": repr(error)[:200]})
                why = "the broker holds what is no message"
                raise ConnectionResetError(why) from error
            finally:
                self.worker_state.consumes_s = None

        self.loop = enduring
        super().start()

    def on_send_event_buffered(self) -> Callable[..., Any]:
        """Have the loop send events. Slots call this: Celery's own changes a set that the loop may be walking."""
        return cast("Callable[..., Any]", self.hub.call_soon(self._flush_events))


def parse_message(content_type: object, headers: object, body: object) -> TaskMessage:
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
    return parse_task_arguments(*args)


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
