"""Sentences in their time: what events, captions and positions have in common."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from pathlib import Path

from redis.asyncio import Redis as AsyncRedis

from gateway.http.reading.async_stream_reader import AsyncStreamReader, read
from seriatim import recording_store
from seriatim.audio.pcm import ms_of_bytes
from seriatim.client.job import Job
from seriatim.client.stream_reader import SOON_S, nothing_left, unknown
from seriatim.keys import StreamPosition
from seriatim.recording_store import Marker
from seriatim.records import DrainMode
from seriatim.servers.redis_clients import BLOCK_S
from seriatim.state.stream_record import read_stream_record_async
from seriatim.stream_entries import Audio, End, Entry, SentenceStart


@dataclass(frozen=True, slots=True)
class SentenceSpan:
    """A sentence and when it is heard, in s from the job's beginning."""

    seq: int
    start_s: float
    end_s: float
    text: str


def spans(markers: Iterable[Marker]) -> tuple[list[SentenceSpan], bool]:
    """The sentences that are whole, and whether that is the whole job. A sentence's pause belongs to it. Pure."""
    found: list[SentenceSpan] = []
    last: SentenceStart | None = None
    for marker in markers:
        if isinstance(marker, SentenceStart | End):
            at = marker.at if isinstance(marker, SentenceStart) else marker.n_bytes
            rate_hz = (last.rate_hz or _rate(marker)) if last else 0
            if last is not None and rate_hz and at > last.at:
                start_s, end_s = ms_of_bytes(last.at, rate_hz) / 1000, ms_of_bytes(at, rate_hz) / 1000
                found.append(SentenceSpan(last.seq, round(start_s, 3), round(end_s, 3), last.text))
            if isinstance(marker, End):
                return found, marker.state == "done"
            last = marker
    return found, False


async def observed(job: Job, redis: "AsyncRedis", after: StreamPosition) -> AsyncGenerator[Entry | None, None]:
    """What happens to a job behind a position, for one who only looks: None whenever nothing came for a while.

    Raises:
        JobUnknown: its life is over.
        PositionLost: it has ended, and what follows `after` is not held any more.
    """
    source = _stored if job.drain is DrainMode.STORE else _streamed
    async for entry in source(job, redis, after):
        yield entry


async def _streamed(job: Job, redis: "AsyncRedis", after: StreamPosition) -> AsyncGenerator[Entry | None, None]:
    ended = False
    while True:
        entries = await read(redis, job.id, after, SOON_S if ended else BLOCK_S)
        if not entries:
            if ended:
                raise nothing_left(job.id, after)
            record = await read_stream_record_async(redis, job.id)
            if record is None:
                raise unknown(job.id)
            ended = record.state != "run"
            yield None
        for entry in entries:
            yield entry
            if isinstance(entry, End):
                return
        after = entries[-1].position if entries else after


async def _stored(job: Job, redis: "AsyncRedis", after: StreamPosition) -> AsyncGenerator[Entry | None, None]:
    """Markers from the recording as far as it goes, without its sound; then as every reader has it."""
    markers = await asyncio.to_thread(recording_store.events, Path(job.settings.store_dir), job.id)
    for marker in markers:
        if marker.position > after:
            yield marker
            after = marker.position
    if markers and isinstance(markers[-1], End):
        return
    async for entry in AsyncStreamReader(job, redis).entries(after):
        yield entry


def _rate(marker: SentenceStart | End) -> int:
    return marker.rate_hz if isinstance(marker, SentenceStart) else 0


def at_end(entry: Audio, sentence_at: int, rate_hz: int) -> float:
    """Seconds of the job up to the end of a piece of sound."""
    return ms_of_bytes(sentence_at + entry.position.n_bytes, rate_hz) / 1000
