"""/v1/jobs/{id}/events and /captions: what is said when.

Events are server-sent: `sentence`, `progress`, `gap`, `discontinuity`, `end`. Each has its position as its id, so that
a browser that reconnects goes on behind the last one by itself (Last-Event-ID).
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request
from redis.asyncio import Redis as AsyncRedis
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from gateway.http.access import CallerDep, ContextDep
from gateway.http.problems import HttpProblem, problem_of
from gateway.http.reading.async_stream_reader import AsyncStreamReader
from gateway.http.reading.captions import srt, vtt
from gateway.http.reading.positions import position_of
from gateway.http.reading.sentence_times import spans
from gateway.http.routes.jobs import JobId
from gateway.http.schemas.requests import AnyCase
from gateway.http.schemas.responses import LOOKUPS, CaptionItem, CaptionList, body_of
from gateway.http.streaming.audio_response import event
from seriatim import recording_store
from seriatim.audio.pcm import ms_of_bytes
from seriatim.client.job import Job
from seriatim.errors import SeriatimError
from seriatim.keys import StreamPosition
from seriatim.records import DrainMode
from seriatim.stream_entries import Audio, Discontinuity, End, Entry, Gap, ReaderCursor, SentenceStart

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
    reader, events = AsyncStreamReader(job, redis, observes=True), _EventStream()
    try:
        async with contextlib.aclosing(reader.entries_and_waits(after)) as entries:
            async for entry in entries:
                if found := events.event_of(entry, reader.cursor, time.monotonic()):
                    yield found
    except SeriatimError as error:
        yield event("error", problem_of(error).body)


@dataclass(slots=True)
class _EventStream:
    """Entries as events; sound as progress, now and then."""

    progress_s: float = 0.0  #: monotonic time of the last event of progress

    def event_of(self, entry: Entry | None, cursor: ReaderCursor, now_s: float) -> bytes:
        """The event of an entry, behind which `cursor` is; b"" for none.

        For no entry a comment, so that a client does not take silence for an end.
        """
        if entry is None:
            return b": still here\n\n"
        if isinstance(entry, Audio):
            if now_s - self.progress_s < PROGRESS_S or not cursor.rate_hz:
                return b""
            self.progress_s = now_s
            audio_s = _seconds(cursor.at + entry.position.n_bytes, cursor.rate_hz)
            return event("progress", {"seq": entry.seq, "audio_s": audio_s}, entry.position)
        return event(_NAMES[type(entry)], _facts(entry, cursor), entry.position)


def _facts(entry: SentenceStart | Gap | Discontinuity | End, cursor: ReaderCursor) -> dict[str, Any]:
    if isinstance(entry, End):
        audio_s = _seconds(entry.n_bytes, cursor.rate_hz)
        return {"state": entry.state, "reason": entry.reason, "sentences": entry.n_sentences, "audio_s": audio_s}
    at = entry.at if isinstance(entry, SentenceStart) else cursor.at + entry.offset
    about: dict[str, Any] = {"seq": entry.seq, "at_s": _seconds(at, cursor.rate_hz)}
    if isinstance(entry, SentenceStart):
        return about | {"text": entry.text}
    return about | ({"reason": entry.reason} if isinstance(entry, Gap) else {})


def _seconds(n_bytes: int, rate_hz: int) -> float:
    return round(ms_of_bytes(n_bytes, rate_hz) / 1000, 3) if rate_hz else 0.0


_NAMES = {SentenceStart: "sentence", Gap: "gap", Discontinuity: "discontinuity", End: "end"}
