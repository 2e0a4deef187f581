"""Sentences without messages, which a process takes for itself while it cannot reach the broker.

A message only says that a sentence was dispatched; what is dispatched is in Redis. A process whose broker is away reads
that, picks for its free slots, and hands Celery a message of its own for each sentence: it is a task like all others,
with its events and its place among the active. The claim decides as ever whether an attempt is still due, so that what
another process reads as well, or what the broker delivers later, is refused.

Celery's consumer waits in its own thread meanwhile (message_filter.py); these hands are the only ones at its state.
"""

import random
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from celery import Celery
from kombu.message import Message
from kombu.serialization import dumps

from seriatim.celery_app import TASK
from seriatim.errors import SeriatimError
from seriatim.lua import pool_scripts
from seriatim.lua.script_calls import run
from seriatim.process import watched_tasks
from seriatim.records import TaskMessage
from seriatim.state.dispatched_sentences import read_dispatched
from workers.worker_state import WorkerState

LOOK_S = 0.1  #: between two looks, at most: a new listener hears nothing for so long; each costs some commands


class BrokerAbsence:
    """The time in which the broker is away: while it is entered, a thread takes sentences and calls `deliver`."""

    def __init__(self, worker_state: WorkerState, deliver: Callable[[TaskMessage], None]) -> None:
        self._worker_state, self._deliver = worker_state, deliver
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._known: set[TaskMessage] = set()  #: delivered, or refused here: not tried again

    def __enter__(self) -> Self:
        self._worker_state.broker_away.set()
        watched_tasks.start("messages without the broker", self._run)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End it. Nothing is delivered from now on, also if the thread waits for Redis right now."""
        with self._lock:
            self._ended.set()
        self._worker_state.broker_away.clear()

    def _run(self) -> None:
        while not self._ended.wait(random.uniform(0.5, 1) * LOOK_S):  # so that processes take turns
            with suppress(SeriatimError):  # the heartbeat and the sweep write that Redis is away, too
                self._take()

    def _take(self) -> None:
        """Deliver messages for what is dispatched and not claimed, and for what can be picked, to the free slots."""
        worker_state, pool_client = self._worker_state, self._worker_state.pool_client
        n_free = worker_state.facts.slots - len(worker_state.taken)
        if worker_state.closed or n_free <= 0:
            return
        dispatched = read_dispatched(pool_client.redis, pool_client.pool)
        self._known &= set(dispatched)
        due = [message for message in dispatched if message not in self._known][:n_free]
        if len(due) < n_free:
            timeout_ms = pool_client.settings.message_timeout_ms
            picked = run(pool_client.redis, pool_scripts.pick(pool_client.pool, n_free - len(due), timeout_ms))
            due += picked
        for message in due:
            self._hand_over(message)

    def _hand_over(self, message: TaskMessage) -> None:
        with self._lock:
            if self._ended.is_set():  # it is in the outbox, or its lease expires
                return
            self._known.add(message)
            self._deliver(message)


def counted(worker_state: WorkerState, speak: Callable[[TaskMessage], str]) -> Callable[[TaskMessage], str]:
    """The body of the task, counted: each of its calls takes a slot, from its message to the end of its run."""

    def speak_counted(message: TaskMessage) -> str:
        worker_state.taken.add(message)
        try:
            return speak(message)
        finally:
            worker_state.taken.discard(message)

    return speak_counted


def own_message(app: Celery, message: TaskMessage) -> Any:
    """A message for Celery's consumer like those of `seriatim.celery_app.publish`; acknowledging it does nothing."""
    task: Any = app.amqp.as_task_v2(
        message.task_id, TASK, args=(message.job, message.seq, message.attempt), root_id=message.task_id,
        argsrepr=message.arguments_text, kwargsrepr="{}",
    )  # fmt: skip
    content_type, encoding, body = dumps(task.body, serializer="json")
    made: Any = Message(
        body=body, content_type=content_type, content_encoding=encoding, headers=task.headers,
        properties=task.properties, delivery_info={}, accept={"application/json"},
    )  # fmt: skip
    made.ack_log_error = made.reject_log_error = _no_broker
    return made


def _no_broker(*_: object, **__: object) -> None:
    """Acknowledge or reject nothing: the message was never the broker's."""
