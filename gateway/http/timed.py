"""Sentences in their time: what events, captions and positions have in common."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from pathlib import Path

from redis.asyncio import Redis as AsyncRedis

from gateway.http.follow import Follower, exists, read
from seriatim import store
from seriatim.entries import Audio, End, Entry, SentenceStart
from seriatim.errors import JobUnknown
from seriatim.keys import Position
from seriatim.pcm import ms_of_bytes
from seriatim.records import Drain
from seriatim.store import Marker
from tasks.handle import Job


@dataclass(frozen=True, slots=True)
class Span:
    """A sentence and when it is heard, in s from the job's beginning."""

    seq: int
    start_s: float
    end_s: float
    text: str


def spans(markers: Iterable[Marker]) -> tuple[list[Span], bool]:
    """The sentences that are whole, and whether that is the whole job. A sentence's pause belongs to it. Pure."""
    found: list[Span] = []
    last: SentenceStart | None = None
    for marker in markers:
        if isinstance(marker, SentenceStart | End):
            at = marker.at if isinstance(marker, SentenceStart) else marker.n_bytes
            rate_hz = (last.rate_hz or _rate(marker)) if last else 0
            if last is not None and rate_hz and at > last.at:
                start_s, end_s = ms_of_bytes(last.at, rate_hz) / 1000, ms_of_bytes(at, rate_hz) / 1000
                found.append(Span(last.seq, round(start_s, 3), round(end_s, 3), last.text))
            if isinstance(marker, End):
                return found, marker.state == "done"
            last = marker
    return found, False


async def observed(job: Job, redis: "AsyncRedis", after: Position) -> AsyncGenerator[Entry | None, None]:
    """What happens to a job behind a position, for one who only looks: None whenever nothing came for a while.

    Raises:
        JobUnknown: its life is over.
    """
    if job.drain is Drain.STORE:
        async for entry in _stored(job, redis, after):
            yield entry
        return
    while True:
        entries = await read(redis, job.id, after)
        if not entries and not await exists(redis, job.id):
            raise JobUnknown(f"job {job.id} is unknown: it ended, and its life is over")
        if not entries:
            yield None
        for entry in entries:
            yield entry
            if isinstance(entry, End):
                return
        after = entries[-1].position if entries else after


async def _stored(job: Job, redis: "AsyncRedis", after: Position) -> AsyncGenerator[Entry | None, None]:
    """Markers from the recording as far as it goes, without its sound; then as every reader has it."""
    markers = await asyncio.to_thread(store.events, Path(job.settings.store_dir), job.id)
    for marker in markers:
        if marker.position > after:
            yield marker
            after = marker.position
    if markers and isinstance(markers[-1], End):
        return
    async for entry in Follower(job, redis).entries(after):
        yield entry


def _rate(marker: SentenceStart | End) -> int:
    return marker.rate_hz if isinstance(marker, SentenceStart) else 0


def at_end(entry: Audio, sentence_at: int, rate_hz: int) -> float:
    """Seconds of the job up to the end of a piece of sound."""
    return ms_of_bytes(sentence_at + entry.position.n_bytes, rate_hz) / 1000
