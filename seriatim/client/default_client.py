"""The default client of a process, and the functions that use it: `seriatim.enqueue_job` and its neighbours."""

import os
from functools import cache
from typing import Unpack

from seriatim.client.client import Client
from seriatim.client.job import Job
from seriatim.client.job_options import JobOptions, Text
from seriatim.client.open_job import OpenJob
from seriatim.process.single_flight import single_flight
from seriatim.settings import Settings


@single_flight  # a second client would stay unknown, with its connections
@cache
def default_client() -> Client:
    """Return the process's client, made at the first call with the settings of the environment."""
    return Client(settings=Settings.from_env(os.environ))


def enqueue_job(text: Text, **options: Unpack[JobOptions]) -> Job:
    """Accept a text, or an iterable of sentences, as one job; returns before anything is spoken.

    A `Path`, or a file open for reading as text, stands for its content: enqueue_job(Path("book.txt")).

    `seriatim.JobRequest` describes the options field by field. An iterable may mix strings and `Sentence`s with their
    own voice, language, speed and pause, so that a dialogue is one job.

    Raises:
        EmptyText, TextTooLarge, UnknownVoice, UnknownOption, BadInput: the text or an option cannot be used.
        Busy, CapReached, MemoryFull, NoWorkers: retry after `retry_after_s`.
        Unavailable, Misconfigured: Redis does not answer, or a setting is wrong.
    """
    return default_client().enqueue_job(text, **options)


def open_job(**options: Unpack[JobOptions]) -> OpenJob:
    """Open a job for text that is still being generated: `say(text)` any number of times, then `close()`.

    Raises:
        as `enqueue_job`.
    """
    return default_client().open_job(**options)


def attach(job_id: str) -> Job:
    """Return a handle on a job from its id, in any process.

    Raises:
        JobUnknown: no such job, or it has expired.
    """
    return default_client().attach(job_id)
