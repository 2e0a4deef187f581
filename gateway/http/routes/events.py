"""/v1/jobs/{id}/events and /captions: the sentences of a job and their times.

Server-sent events: `sentence`, `progress`, `gap`, `discontinuity`, `end`. The id of each is its position, so that a
browser that reconnects continues after the last one (Last-Event-ID).
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request
from redis.asyncio import Redis as AsyncRedis
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from gateway.http.problems import HttpProblem, problem_of
from gateway.http.reading.async_stream_reader import AsyncStreamReader
from gateway.http.reading.captions import format_srt, format_vtt
from gateway.http.reading.positions import parse_position
from gateway.http.reading.sentence_times import SentenceSpan, sentence_spans
from gateway.http.reading.word_timing import WordTiming
from gateway.http.recordings.sidecar_files import store_of
from gateway.http.route_dependencies import CallerDep, ContextDep
from gateway.http.routes.jobs import JobId
from gateway.http.schemas.field_types import AnyCase
from gateway.http.schemas.responses import LOOKUPS, CaptionItem, CaptionList, CaptionWord, body_of
from gateway.http.streaming.audio_response import format_event
from seriatim.audio.pcm import ms_of_bytes
from seriatim.client.job import Job
from seriatim.errors import SeriatimError
from seriatim.keys import StreamPosition
from seriatim.recordings.recording_events import Marker
from seriatim.records import DrainMode
from seriatim.stream_entries import Audio, Discontinuity, End, Entry, Gap, ReaderCursor, SentenceStart

router = APIRouter(tags=["jobs"])

PROGRESS_S = 0.5  #: between two events of progress
RECORDED_S = 3.0  #: time in which a recorder writes the end of a job to its disk
POLL_S = 0.05  #: interval of checks whether it has
After = Annotated[str, Query(max_length=64, description="the id of the last event that the client has")]
Words = Annotated[bool, Query(description="with the times of words, in `vtt` as timestamps before each (karaoke)")]
LastId = Annotated[str, Header(alias="last-event-id", max_length=64)]


@router.get(
    "/v1/jobs/{job_id}/events",
    response_class=Response,
    responses=body_of("text/event-stream") | LOOKUPS,
)
async def stream_events(
    job_id: JobId,
    request: Request,
    context: ContextDep,
    caller: CallerDep,
    after: After = "",
    last_event_id: LastId = "",
    words: Annotated[bool, Query(description="`sentence` events have the times of their words")] = False,
) -> Response:
    """Follow the events of a job until it ends. That does not move its window: a job still needs a listener."""
    job = await context.own(job_id, caller)
    position = parse_position(after or last_event_id)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no", "seriatim-job": job.id}
    if request.method == "HEAD":  # a body would last until the job ends
        return Response(headers=headers, media_type="text/event-stream")
    stream = _encoded_events(job, context.streams, position, words=words)
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


@router.get(
    "/v1/jobs/{job_id}/captions",
    response_model=CaptionList,
    responses=body_of("text/vtt", "application/x-subrip") | LOOKUPS,
)
async def get_captions(
    job_id: JobId, context: ContextDep, caller: CallerDep,
    format: Annotated[Literal["vtt", "srt", "json"], AnyCase, Query()] = "vtt",  # noqa: A002  # its name for clients
    words: Words = False,
) -> Response | CaptionList:  # fmt: skip
    """Get the sentences spoken so far, with their times."""
    job = await context.own(job_id, caller)
    if job.drain is not DrainMode.STORE:
        raise HttpProblem(409, "not_recorded", "this job is not recorded; its events have the times of its sentences")
    sentences, is_complete = sentence_spans(await _recorded_markers(job))
    if format == "json":
        return CaptionList(job=job.id, whole=is_complete, captions=list(map(_caption_item, sentences)))
    if format == "srt":
        return PlainTextResponse(format_srt(sentences), media_type="application/x-subrip")
    return PlainTextResponse(format_vtt(sentences, words=words), media_type="text/vtt")


def _caption_item(span: SentenceSpan) -> CaptionItem:
    words = [
        CaptionWord(
            text=word.text,
            start_s=round(span.start_s + word.start_ms / 1000, 3),
            end_s=round(span.start_s + word.end_ms / 1000, 3),
        )
        for word in span.words
    ]
    return CaptionItem(
        seq=span.seq, start_s=span.start_s, end_s=span.end_s, text=span.text, words=words, words_from=span.words_from
    )


async def _recorded_markers(job: Job) -> list[Marker]:
    """Read the recorded markers of a job; if it has ended, wait until the recorder has written its end."""
    deadline_s = time.monotonic() + RECORDED_S
    while True:
        is_ended = not job.pool or (await asyncio.to_thread(job.status)).ended
        markers, _ = await asyncio.to_thread(store_of(job).read_events, job.id)
        if not is_ended or (markers and isinstance(markers[-1], End)) or time.monotonic() > deadline_s:
            return markers
        await asyncio.sleep(POLL_S)


async def _encoded_events(
    job: Job, redis: "AsyncRedis", after: StreamPosition, *, words: bool
) -> AsyncGenerator[bytes, None]:
    reader, events = AsyncStreamReader(job, redis, observes=True), _EventStream(WordTiming() if words else None)
    try:
        async with contextlib.aclosing(reader.entries_and_waits(after)) as entries:
            async for entry in entries:
                if encoded_event := events.encode_entry(entry, reader.cursor, time.monotonic()):
                    yield encoded_event
    except SeriatimError as error:
        yield format_event("error", problem_of(error).body)


@dataclass(slots=True)
class _EventStream:
    """Conversion of stream entries to events; audio becomes a `progress` event every PROGRESS_S."""

    timing: WordTiming | None = None  #: adds the words of sentences
    progress_s: float = 0.0  #: monotonic time of the last event of progress

    def encode_entry(self, entry: Entry | None, cursor: ReaderCursor, now_s: float) -> bytes:
        """Convert an entry, after which the reader is at `cursor`; b"" for no event.

        None becomes a comment, so that clients and proxies do not time out.
        """
        if entry is None:
            return b": still here\n\n"
        if isinstance(entry, Audio):
            if now_s - self.progress_s < PROGRESS_S or not cursor.rate_hz:
                return b""
            self.progress_s = now_s
            audio_s = _audio_s(cursor.at + entry.position.n_bytes, cursor.rate_hz)
            return format_event("progress", {"seq": entry.seq, "audio_s": audio_s}, entry.position)
        facts = _facts_of(entry, cursor)
        if self.timing is not None and isinstance(entry, SentenceStart):
            facts |= self.timing.begin(entry, cursor.rate_hz)
        return format_event(_NAMES[type(entry)], facts, entry.position)


def _facts_of(entry: SentenceStart | Gap | Discontinuity | End, cursor: ReaderCursor) -> dict[str, Any]:
    if isinstance(entry, End):
        audio_s = _audio_s(entry.n_bytes, cursor.rate_hz)
        return {"state": entry.state, "reason": entry.reason, "sentences": entry.n_sentences, "audio_s": audio_s}
    offset = entry.at if isinstance(entry, SentenceStart) else cursor.at + entry.offset
    facts: dict[str, Any] = {"seq": entry.seq, "at_s": _audio_s(offset, cursor.rate_hz)}
    if isinstance(entry, SentenceStart):
        return facts | {"text": entry.text}
    return facts | ({"reason": entry.reason} if isinstance(entry, Gap) else {})


def _audio_s(n_bytes: int, rate_hz: int) -> float:
    return round(ms_of_bytes(n_bytes, rate_hz) / 1000, 3) if rate_hz else 0.0


_NAMES = {SentenceStart: "sentence", Gap: "gap", Discontinuity: "discontinuity", End: "end"}
