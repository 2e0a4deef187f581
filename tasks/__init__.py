"""Celery tasks: the application that Celery's own tools load (`celery -A tasks inspect ping`), and its single task.

A program enqueues jobs with `from seriatim import enqueue_job`; the same names can be imported from here.
"""

import os
from functools import cache
from typing import TYPE_CHECKING, Any

from celery import Celery

import seriatim
from seriatim.celery_app import make_app
from seriatim.process.single_flight import single_flight
from seriatim.settings import Settings

if TYPE_CHECKING:
    from seriatim import (
        Audio,
        Discontinuity,
        Gap,
        Job,
        JobOptions,
        JobStatus,
        OpenJob,
        Sentence,
        SentenceStart,
        Text,
        attach,
        enqueue_job,
        open_job,
    )

__all__ = [
    "Audio", "Discontinuity", "Gap", "Job", "JobOptions", "JobStatus", "OpenJob", "Sentence", "SentenceStart", "Text",
    "attach", "enqueue_job", "open_job",
]  # fmt: skip


@single_flight
@cache
def _celery_app() -> Celery:
    return make_app(Settings.from_env(os.environ).broker)


def __getattr__(name: str) -> Any:
    if name in ("app", "celery"):  # the names that Celery looks up; built lazily from the environment's settings
        return _celery_app()
    if name in __all__:  # when it is first used: a worker imports this module, and no client
        return getattr(seriatim, name)
    raise AttributeError(f"module 'tasks' has no attribute {name!r}")
