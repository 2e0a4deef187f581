"""/v1/jobs/{id}/events and /captions: what is said when.

Events are server-sent: `sentence`, `progress`, `gap`, `discontinuity`, `end`. Each has its position as its id, so that
a browser that reconnects goes on behind the last one by itself (Last-Event-ID).
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request
from redis.asyncio import Redis as AsyncRedis
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from gateway.http.access import CallerDep, ContextDep
from gateway.http.problems import HttpProblem, problem_of
from gateway.http.reading.captions import srt, vtt
from gateway.http.reading.positions import position_of
from gateway.http.reading.sentence_times import at_end, observed, spans
from gateway.http.routes.jobs import JobId
from gateway.http.schemas.requests import AnyCase
from gateway.http.schemas.responses import LOOKUPS, CaptionItem, CaptionList, body_of
from gateway.http.streaming.audio_response import event
from seriatim import recording_store
from seriatim.audio.pcm import ms_of_bytes
from seriatim.client.job import Job
from seriatim.client.stream_reader import StreamReader
from seriatim.errors import SeriatimError
from seriatim.keys import StreamPosition
from seriatim.records import DrainMode
from seriatim.stream_entries import Audio, Discontinuity, End, Entry, Gap, SentenceStart

router = APIRouter(tags=["jobs"])

PROGRESS_S = 0.5  #: between two events of progress
RECORDED_S = 3.0  #: a recorder has the end of a job on its disk this soon after it
LOOK_S = 0.05  #: between two looks whether it has
After = Annotated[str, Query(max_length=64, description="the id of the last event that the client has")]
LastId = Annotated[str, Header(alias="last-event-id", max_length=64)]


@router.get(
    "/v1/jobs/{job_id}/events",
    response_class=Response,
    responses=body_of("text/event-stream") | LOOKUPS,
)
async def events(
    job_id: JobId,
    request: Request,
    context: ContextDep,
    caller: CallerDep,
    after: After = "",
    last_event_id: LastId = "",
) -> Response:
    """What happens to a job, until it ends. Looking moves nothing: a job needs a listener all the same."""
    job = await context.own(job_id, caller)
    position = position_of(after or last_event_id)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no", "seriatim-job": job.id}
    if request.method == "HEAD":  # it would go on until the job ends
        return Response(headers=headers, media_type="text/event-stream")
    stream = _events(job, context.streams, position)
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


@router.get(
    "/v1/jobs/{job_id}/captions",
    response_model=CaptionList,
    responses=body_of("text/vtt", "application/x-subrip") | LOOKUPS,
)
async def captions(
    job_id: JobId, context: ContextDep, caller: CallerDep,
    format: Annotated[Literal["vtt", "srt", "json"], AnyCase, Query()] = "vtt",  # noqa: A002  # its name for clients
) -> Response | CaptionList:  # fmt: skip
    """The sentences in their time, as far as they were spoken."""
    job = await context.own(job_id, caller)
    if job.drain is not DrainMode.STORE:
        raise HttpProblem(409, "not_recorded", "this job drains to its listener: captions are those of its events")
    found, whole = spans(await _markers(job))
    if format == "json":
        rows = [CaptionItem(seq=s.seq, start_s=s.start_s, end_s=s.end_s, text=s.text) for s in found]
        return CaptionList(job=job.id, whole=whole, captions=rows)
    if format == "srt":
        return PlainTextResponse(srt(found), media_type="application/x-subrip")
    return PlainTextResponse(vtt(found), media_type="text/vtt")


async def _markers(job: Job) -> list[recording_store.Marker]:
    """What is recorded of a job; of one that has ended all of it, though its recorder be a moment behind its stream."""
    late_s = time.monotonic() + RECORDED_S
    while True:
        over = not job.pool or (await asyncio.to_thread(job.status)).ended
        markers = await asyncio.to_thread(recording_store.events, Path(job.settings.store_dir), job.id)
        if not over or (markers and isinstance(markers[-1], End)) or time.monotonic() > late_s:
            return markers
        await asyncio.sleep(LOOK_S)


async def _events(job: Job, redis: "AsyncRedis", after: StreamPosition) -> AsyncGenerator[bytes, None]:
    try:
        telling = _EventStream(*await asyncio.to_thread(_before, job, after))
        async with contextlib.aclosing(observed(job, redis, after)) as entries:
            async for entry in entries:
                if told := telling.told(entry, time.monotonic()):
                    yield told
    except SeriatimError as error:
        yield event("error", problem_of(error).body)


def _before(job: Job, after: StreamPosition) -> tuple[int, int]:
    """Where the sentence of a position begins in the job, in bytes, and the rate in Hz."""
    if after == StreamPosition():
        return 0, 0
    reading = StreamReader(job.id, job.pool, job.drain, job.redis, job.reader, Path(job.settings.store_dir))
    cursor = reading.behind(after)
    return cursor.at, cursor.rate_hz


class _EventStream:
    """Entries as events. Sound is told as progress, now and then."""

    def __init__(self, at: int, rate_hz: int) -> None:
        self._at, self._rate_hz, self._told_s = at, rate_hz, 0.0

    def told(self, entry: Entry | None, now_s: float) -> bytes:
        """The event of an entry; b"" for none. `entry` None: a comment, so that nobody takes silence for an end."""
        if entry is None:
            return b": still here\n\n"
        if isinstance(entry, SentenceStart):
            self._at, self._rate_hz = entry.at, entry.rate_hz or self._rate_hz
            return event("sentence", self._about(entry) | {"text": entry.text}, entry.position)
        if isinstance(entry, Audio):
            return self._progress(entry, now_s)
        if isinstance(entry, End):
            return event("end", self._end(entry), entry.position)
        return event(_NAMES[type(entry)], self._about(entry), entry.position)

    def _progress(self, entry: Audio, now_s: float) -> bytes:
        if now_s - self._told_s < PROGRESS_S or not self._rate_hz:
            return b""
        self._told_s = now_s
        audio_s = round(at_end(entry, self._at, self._rate_hz), 3)
        return event("progress", {"seq": entry.seq, "audio_s": audio_s}, entry.position)

    def _about(self, entry: SentenceStart | Gap | Discontinuity) -> dict[str, Any]:
        at = entry.at if isinstance(entry, SentenceStart) else self._at + entry.offset
        about: dict[str, Any] = {"seq": entry.seq, "at_s": self._seconds(at)}
        return about | ({"reason": entry.reason} if isinstance(entry, Gap) else {})

    def _end(self, entry: End) -> dict[str, Any]:
        audio_s = self._seconds(entry.n_bytes)
        return {"state": entry.state, "reason": entry.reason, "sentences": entry.n_sentences, "audio_s": audio_s}

    def _seconds(self, n_bytes: int) -> float:
        return round(ms_of_bytes(n_bytes, self._rate_hz) / 1000, 3) if self._rate_hz else 0.0


_NAMES = {Gap: "gap", Discontinuity: "discontinuity"}
