"""The Celery task: a message names the attempt that is due, and the worker that registered the task speaks it.

A message is validated before it is used: it may be forged, duplicated or years old. It can only name an attempt, and
the claim in Redis decides whether that attempt is still due.
"""

from collections.abc import Callable

from celery import Celery

from seriatim.celery_app import TASK
from seriatim.keys import JOB_ID
from seriatim.records import BadRecord, TaskMessage


class SentenceFailed(Exception):
    """An expected failure of an attempt: Celery's tools show it with its reason, and the log has no traceback."""


def register(app: Celery, speak: Callable[[TaskMessage], str]) -> None:
    """Register `speak` as the body of the task. Flower shows its return value, and a `SentenceFailed` as a failure.

    Celery does not retry; the message is acknowledged either way.
    """

    @app.task(name=TASK, throws=(SentenceFailed,))
    def synthesize(job: object, seq: object, attempt: object) -> str:
        return speak(parse_task_arguments(job, seq, attempt))


def parse_task_arguments(job: object, seq: object, attempt: object) -> TaskMessage:
    """Parse and validate the arguments of a message.

    Raises:
        BadRecord: they are not a job id, a sequence number and an attempt.
    """
    well_typed = isinstance(job, str) and type(seq) is int and type(attempt) is int
    if not well_typed or not JOB_ID.fullmatch(str(job)):
        raise BadRecord(
            f"foreign message: job {job!r:.80}, seq {seq!r:.20}, attempt {attempt!r:.20}; expected id and integers"
        )
    if not (0 <= int(str(seq)) < 2**53 and 0 <= int(str(attempt)) < 2**53):
        raise BadRecord(f"message out of range: seq {seq!r:.20}, attempt {attempt!r:.20}; expected 0 to 2**53")
    return TaskMessage(str(job), int(str(seq)), int(str(attempt)))
