"""What people know a job by: how its text begins. Its first sentence is in the recording, or in the ordered stream."""

from pathlib import Path
from typing import Any, cast

from seriatim import store
from seriatim.entries import SentenceStart, decode
from seriatim.keys import ordered_stream
from seriatim.scripts import answered
from tasks.handle import Job

LONGEST = 80  #: characters: a line on a wide screen


def title_of(job: Job) -> str:
    """The beginning of its text; "" before that is heard, and when it is not held any more.

    Raises:
        Unavailable: Redis does not answer.
    """
    first = store.first(Path(job.settings.store_dir), job.id) or _streamed(job)
    words = " ".join(first.text.split()) if isinstance(first, SentenceStart) and first.seq == 0 else ""
    return words if len(words) <= LONGEST else words[: LONGEST - 1].rstrip() + "…"


def _streamed(job: Job) -> object:
    with answered():
        rows = cast("list[Any]", job.redis.xrange(ordered_stream(job.id), count=1))
    return decode(*rows[0]) if rows else None
