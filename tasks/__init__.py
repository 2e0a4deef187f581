"""What to say: the public Python API.

    from tasks import enqueue_job

    job = enqueue_job("Good morning. How are you?", voice="en-gb")
    for chunk in job.pcm():
        play(chunk)

`enqueue_job`, `open_job` and `attach` use one producer per process, made at the first call from the environment's
settings (docs/settings.md). Programs that manage several use `tasks.producer.Producer`. For asyncio: `tasks.aio`.
"""

import os
from functools import cache
from typing import Unpack

from seriatim.entries import Audio, Discontinuity, Gap, SentenceStart
from seriatim.records import Sentence
from seriatim.settings import Settings
from tasks.handle import Job, Status
from tasks.open_job import OpenJob
from tasks.open_job import open_job as _open_job
from tasks.producer import Producer
from tasks.request import Options, Request, Text

__all__ = [
    "Audio", "Discontinuity", "Gap", "Job", "OpenJob", "Options", "Sentence", "SentenceStart", "Status", "Text",
    "attach", "enqueue_job", "open_job",
]  # fmt: skip


def enqueue_job(text: Text, **options: Unpack[Options]) -> Job:
    """Accept a text, or an iterable of sentences, as one job; returns at once, before anything is spoken.

    A `Path`, or a file that is open for reading as text, is the text in it: enqueue_job(Path("book.txt")).

    Options are described field by field in `tasks.request.Request`. An iterable may mix strings and `Sentence`s with
    their own voice, language, speed and pause, so that a dialogue is one job.

    Raises:
        EmptyText, TextTooLarge, UnknownVoice, UnknownOption, BadInput: the text or an option cannot be used.
        Busy, CapReached, MemoryFull, NoWorkers: not now; `retry_after_s` says when.
        Unavailable, Misconfigured: Redis does not answer, or a setting is wrong.
    """
    return default_producer().enqueue(text, Request.of(options))


def open_job(**options: Unpack[Options]) -> OpenJob:
    """Open a job for text that is still being generated: `say(text)` any number of times, then `close()`.

    Raises:
        as `enqueue_job`.
    """
    return _open_job(default_producer(), Request.of(options))


def attach(job_id: str) -> Job:
    """A handle on a job from its id, in any process.

    Raises:
        JobUnknown: no such job, or its life is over.
    """
    return default_producer().attach(job_id)


@cache
def default_producer() -> Producer:
    """The process's producer; the settings are those of the environment at the first call."""
    return Producer(Settings.from_env(os.environ))
