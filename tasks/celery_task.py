"""The Celery task: a message says which attempt is due; whoever registered a voice speaks it.

A message is checked before anything is done with it: it may be forged, doubled or years old. It can only name an
attempt, and the claim in Redis decides what that is worth.
"""

from collections.abc import Callable

from celery import Celery

from seriatim.celery_app import TASK
from seriatim.keys import JOB_ID
from seriatim.records import BadRecord, TaskMessage


class SentenceFailed(Exception):
    """An attempt failed, as attempts may: Celery's tools show a failure and its reason, the log no traceback."""


def register(app: Celery, speak: Callable[[TaskMessage], str]) -> None:
    """Make `speak` what the task does. Flower shows what it returns, and a `SentenceFailed` as a failure.

    Celery's part ends there: it makes no second attempt, and the message is acknowledged either way.
    """

    @app.task(name=TASK, throws=(SentenceFailed,))
    def synthesize(job: object, seq: object, attempt: object) -> str:
        return speak(parse_task_arguments(job, seq, attempt))


def parse_task_arguments(job: object, seq: object, attempt: object) -> TaskMessage:
    """Read a message's arguments.

    Raises:
        BadRecord: they are not a job id, a sequence number and an attempt.
    """
    right = isinstance(job, str) and type(seq) is int and type(attempt) is int
    if not right or not JOB_ID.fullmatch(str(job)):
        raise BadRecord(
            f"a message with job {job!r:.80}, seq {seq!r:.20}, attempt {attempt!r:.20}; it is not one of ours"
        )
    if not (0 <= int(str(seq)) < 2**53 and 0 <= int(str(attempt)) < 2**53):
        raise BadRecord(f"a message with seq {seq!r:.20}, attempt {attempt!r:.20}; expected 0 to 2**53")
    return TaskMessage(str(job), int(str(seq)), int(str(attempt)))
