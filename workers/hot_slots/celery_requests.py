"""Celery's requests for a run of sentences: each sentence is a task with its own id, events and place among the active.

Only the first sentence of a run has a message. For each other one a request is made after the first, so that Flower
counts it and `celery inspect active` shows it. The end of the first is shown when its own sentence ends; its message is
acknowledged after the last, since Celery would otherwise fetch another one for the same slot.
"""

import os
import time
from copy import copy
from typing import Any, Self

from celery.utils.saferepr import saferepr
from celery.worker import state
from celery.worker.request import Request

from seriatim.records import TaskMessage
from tasks.celery_task import SentenceFailed
from workers.attempt_outcome import AttemptOutcome


class RequestRun:
    """The requests of one slot, from one message on. Without Celery, as in a test, there are none."""

    def __init__(self, message: TaskMessage) -> None:
        self._first: Any = state.requests.get(message.task_id)
        self._current = self._first  # of Celery's class Request, of which the stubs lack much
        self._eventer: Any = self._first.eventer if self._first else None
        self.several = False  #: sentences followed the first

    def beside(self, message: TaskMessage) -> Self:
        """The requests of a run without a message of its own: its first is made after this run's, as the others are."""
        run = copy(self)
        run.several = True
        run.show(message)
        return run

    def follow(self, outcome: AttemptOutcome, message: TaskMessage) -> None:
        """The current sentence ended with `outcome`; the slot now speaks that of `message`."""
        self.several = True
        self.end(outcome)
        self.show(message)

    def show(self, message: TaskMessage) -> None:
        """Show that the slot speaks the sentence of `message` now."""
        if self._first is None:
            return
        self._current = request = self._request_for(message, self._first)
        state.task_reserved(request)
        request.send_event(
            "task-received", name=request.name, args=request.argsrepr, kwargs=request.kwargsrepr,
            root_id=request.root_id, parent_id=None, retries=0, eta=None, expires=None,
        )  # fmt: skip
        request.on_accepted(os.getpid(), time.monotonic())

    def pause(self, outcome: AttemptOutcome) -> None:
        """The current sentence ended with `outcome`; the slot waits for another one."""
        self.several = True
        self.end(outcome)

    def end(self, outcome: AttemptOutcome) -> None:
        """Show the end of the current sentence, if the slot has spoken several: else Celery does.

        What was not due is shown as revoked, which is less than any end: how the attempt itself ended stays, also where
        its message came twice.
        """
        request, self._current = self._current, None
        if request is not None and not outcome.was_due:
            request.send_event("task-revoked", terminated=False, signum=None, expired=False)
        if request is None or not self.several:
            return
        state.task_ready(request, successful=not outcome.failed)
        if outcome.failed:
            request.send_event("task-failed", exception=repr(SentenceFailed(outcome.reason)), traceback="")
        else:
            runtime_s = time.time() - (request.time_start or time.time())
            request.send_event("task-succeeded", result=saferepr(str(outcome)), runtime=runtime_s)
        if request is self._first:
            request.eventer = None  # Celery shows its end once more, after the last sentence

    def _request_for(self, message: TaskMessage, first: Any) -> Any:
        arguments = (message.job, message.seq, message.attempt)
        headers = first.message.headers | {
            "id": message.task_id, "root_id": message.task_id, "argsrepr": message.arguments_text,
        }  # fmt: skip
        return Request(
            first.message, app=first.app, task=first.task, hostname=first.hostname, eventer=self._eventer,
            headers=headers, body=(list(arguments), {}, {}), decoded=True,
        )  # fmt: skip
