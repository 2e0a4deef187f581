"""The message filter between the broker and Celery: only a message that names an attempt passes.

Any client of the broker can put anything into a queue. Celery validates too little: a task name that is a list ends the
whole process, and so does an element that is no message; an unacknowledged message returns. Callbacks, ETAs and other
task names are not used here, so they are refused, too. Discarding is safe: a sentence whose message is lost is
published again.
"""

import json
import logging
import random
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, cast

from celery.worker.consumer import Consumer
from celery.worker.control import nok, ok  # type: ignore[attr-defined]  # the stubs lack it
from celery.worker.state import maybe_shutdown

from seriatim.celery_app import TASK, broker_reason
from seriatim.process.repeated_line import RepeatedLine
from seriatim.records import BadRecord, TaskMessage
from seriatim.servers.redis_errors import code_of
from seriatim.servers.server_urls import redacted_url
from tasks.celery_task import parse_task_arguments
from workers.hot_slots.without_broker import BrokerAbsence, own_message
from workers.worker_state import WorkerState

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 4096  #: a message that names an attempt has about 150
FOREIGN_HEADERS = ("eta", "expires", "group", "chord", "compression")  #: they make Celery do more than call the task
REFUSAL_RETRY_S = 2.0  #: a demoted or full broker recovers within seconds or minutes; each try costs some commands
MAX_ERROR_CHARS = 200
RECONNECT_STEP_S, RECONNECT_MAX_S = 0.5, 2.0  #: each wait is so much longer than the last; times 0.75 to 1.25
STOP_CHECK_S = 0.1  #: how often it is looked meanwhile whether the process shall stop


class MessageFilter(Consumer):
    """Celery's consumer, restricted to messages that name an attempt; others do not end its process."""

    #: of the transport; Celery connects again after one. A refusal of the broker is one here: Celery ends at those
    connection_errors: tuple[type[Exception], ...]
    channel_errors: tuple[type[Exception], ...]  #: refusals of the broker: it is a replica, has no disk, no right
    connection: Any
    loop: Callable[..., None]
    hub: Any
    strategies: dict[str, Any]  #: how Celery takes a message, by the name of its task
    update_strategies: Callable[[], None]
    _flush_events: Callable[[], None]

    def __init__(self, *args: Any, worker_state: WorkerState, **kwargs: Any) -> None:
        """`worker_state` gets the time at which consuming began, and whether an operator paused it."""
        super().__init__(*args, **kwargs)
        self.lost_connection_errors = self.connection_errors
        self.connection_errors = (*self.connection_errors, *self.channel_errors)
        self.worker_state = worker_state
        self.queue_name = next(iter(self.app.amqp.queues.consume_from))

    def pause(self, queue: str) -> Any:
        """`celery control cancel_consumer`: finish running sentences, take no more. Returns the reply."""
        if queue != self.queue_name:
            return nok(f"this worker's queue is {self.queue_name}")
        self.worker_state.accepting.clear()
        self.call_soon(self.cancel_task_queue, queue)
        return ok(f"paused {queue} until add_consumer")

    def resume(self, queue: str) -> Any:
        """`celery control add_consumer`: take work again. Celery alone would lose this at the next reconnect."""
        if queue != self.queue_name:
            return nok(
                f"this worker serves only {self.queue_name}; start one for another pool (seriatim worker --pool)"
            )
        self.app.amqp.queues.select([queue])
        self.call_soon(self.add_task_queue, queue)
        self.worker_state.accepting.set()
        return ok(f"resumed {queue}")

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Any], None]:
        """The handler of each message: Celery's, behind the filter."""
        accept = super().create_task_handler(*args, **kwargs)

        def filter_message(message: Any) -> None:
            message.ack_log_error = partial(_acknowledge, message)
            try:
                parse_message(message.content_type, message.headers, message.body)
            except BadRecord as error:
                log.warning("message discarded", extra={"error": str(error)})
                message.ack_log_error(log, self.connection_errors)
            else:
                accept(message)

        return filter_message

    def start(self) -> None:
        """Consume until Celery stops. An unreadable message breaks the connection, not the process."""
        loop = self.loop

        def survive_bad_messages(*args: Any) -> None:
            self.worker_state.consuming_since_s = time.monotonic()
            try:
                loop(*args)
            except self.connection_errors:
                raise
            except Exception as error:
                log.warning("unreadable broker message; reconnecting", extra={"error": repr(error)[:MAX_ERROR_CHARS]})
                raise ConnectionResetError("unreadable broker message") from error
            finally:
                self.worker_state.consuming_since_s = None

        self.loop = survive_bad_messages
        super().start()

    def on_connection_error_before_connected(self, exc: Exception) -> None:
        """Wait out a refusal; connect again after a lost connection, with one line and no traceback."""
        if not self._waits_out_refusal(exc):
            self._leave_connection(exc)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Likewise. Running sentences go on: their leases are in the data Redis."""
        if not self._waits_out_refusal(exc):
            self._leave_connection(exc)

    def ensure_connected(self, conn: Any) -> Any:
        """Connect to the broker, for ever. Meanwhile the process takes sentences without messages.

        Celery waits for 2, 4, 6 s and so on up to 30: after an outage of 14 s up to 8 s longer than the broker is away.
        """
        spread, outage = random.uniform(0.75, 1.25), RepeatedLine()  # processes of a fleet come apart

        def log_failure(error: Exception, retry_s: float) -> None:
            if outage.is_due(time.monotonic()):
                facts = {"broker": redacted_url(conn.as_uri()), "error": one_line(error), "retry_s": round(retry_s, 1)}
                log.warning("broker unavailable; retrying", extra=facts)

        with self._without_broker():
            return conn.ensure_connection(
                log_failure, callback=maybe_shutdown, interval_start=RECONNECT_STEP_S * spread,
                interval_step=RECONNECT_STEP_S * spread, interval_max=RECONNECT_MAX_S * spread,
            )  # fmt: skip

    def deliver(self, message: TaskMessage) -> None:
        """Hand Celery a message of this process's own for a sentence, as if the broker had delivered it."""
        super().create_task_handler()(own_message(self.app, message))

    def _without_broker(self) -> BrokerAbsence:
        """The time for which the broker is away, also before Celery's first connection, with which it learns tasks."""
        if TASK not in self.strategies:
            self.update_strategies()
        return BrokerAbsence(self.worker_state, self.deliver)

    def _leave_connection(self, error: Exception) -> None:
        log.warning("broker connection lost; reconnecting", extra={"error": one_line(error)})
        if self.connection:
            with suppress(Exception):  # it is broken
                self.connection.collect()

    def _waits_out_refusal(self, error: Exception) -> bool:
        """Whether the broker refused a command; then let its connection go, and wait until another try is due."""
        if isinstance(error, self.lost_connection_errors) or not isinstance(error, self.channel_errors):
            return False
        facts = {"code": code_of(error), "error": one_line(error), "retry_s": REFUSAL_RETRY_S}
        log.warning("broker refuses commands; retrying", extra=facts)
        if self.connection:
            with suppress(*self.connection_errors):
                self.connection.collect()
        with self._without_broker():
            until_s = time.monotonic() + REFUSAL_RETRY_S
            while time.monotonic() < until_s:
                maybe_shutdown()
                time.sleep(STOP_CHECK_S)
        return True

    def on_send_event_buffered(self) -> Callable[..., Any]:
        """Have the loop send events.

        Slots call this: Celery's own version changes a set that the loop may be iterating.
        """
        return cast("Callable[..., Any]", self.hub.call_soon(self._flush_events))


def _acknowledge(message: Any, _log: logging.Logger, _errors: object, multiple: bool = False) -> None:  # noqa: FBT001  # kombu's
    """Acknowledge a message; where that fails, the loop connects again, and the broker delivers the message again.

    kombu's own version writes a traceback and goes on: the message counts as one that runs, and once there are as many
    as slots, the process receives no more.
    """
    message.ack(multiple)


def one_line(error: Exception) -> str:
    """An error of the broker in one line of bounded length; its class where it says nothing."""
    return " ".join(broker_reason(error).split())[:MAX_ERROR_CHARS] or type(error).__name__


def parse_message(content_type: object, headers: object, body: object) -> TaskMessage:
    """The attempt that a message names.

    Raises:
        BadRecord: it is not a call of the task with exactly one attempt.
    """
    if content_type != "application/json" or not isinstance(headers, dict) or headers.get("task") != TASK:
        raise BadRecord(f"message is not a JSON call of {TASK}")
    foreign = [name for name in FOREIGN_HEADERS if headers.get(name)]
    if foreign:
        raise BadRecord(f"message has unexpected headers: {', '.join(foreign)}")
    args, kwargs, embedded = _decode_body(body)
    if kwargs or any(embedded.values()) or len(args) != 3:
        raise BadRecord("message has more arguments than an attempt")
    return parse_task_arguments(*args)


def _decode_body(body: object) -> tuple[list[Any], dict[str, Any], dict[str, Any]]:
    if not isinstance(body, str | bytes | bytearray | memoryview) or len(body) > MAX_BODY_BYTES:
        raise BadRecord(f"message body is not text of at most {MAX_BODY_BYTES} bytes")
    try:
        parts = json.loads(body if isinstance(body, str) else bytes(body))
    except (ValueError, RecursionError):
        raise BadRecord("message body is not JSON") from None
    match parts:
        case [list(args), dict(kwargs), dict(embedded)]:
            return args, kwargs, embedded
    raise BadRecord("message body is not a call")
