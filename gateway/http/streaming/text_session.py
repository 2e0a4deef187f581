"""A job whose text comes over a connection, and whose sound goes back over it: `socket` without its messages."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.http.api_keys import Caller
from gateway.http.context import GatewayContext
from gateway.http.encoding.stream_formats import StreamEncoding
from gateway.http.problems import HttpProblem, not_found
from gateway.http.reading.async_stream_reader import AsyncStreamReader
from gateway.http.reading.positions import position_of
from gateway.http.recordings.job_owners import JOB_ID
from gateway.http.schemas.requests import AudioOptions
from gateway.http.streaming.sentence_spans import SentenceSpans
from seriatim.audio.pcm import ms_of_bytes
from seriatim.client.job import Job
from seriatim.client.open_job import FULL_POLL_S, OpenJob, open_job_with, resume_job
from seriatim.errors import Busy
from seriatim.keys import StreamPosition
from seriatim.reader_state import DeliveryState, Heard
from seriatim.records import DrainMode
from seriatim.stream_entries import Audio, Discontinuity, End, Gap, ReaderCursor, SentenceStart

RESUME_S = 20.0  #: how long a job outlives its connection: a phone that changes its network needs some seconds

Told = tuple[dict[str, Any], bytes]  #: a message, and the bytes that follow it


@dataclass(slots=True)
class TextSession:
    """One job of one connection."""

    context: GatewayContext
    open: OpenJob
    encoding: StreamEncoding
    after: StreamPosition
    mark: DeliveryState
    over: bool = False  #: it has its end, or the connection is gone
    state: str = ""  #: how it ended, once the client is about to be told so
    ready: ReaderCursor = field(default_factory=ReaderCursor)  #: of what was given out last
    hearing: SentenceSpans = field(default_factory=SentenceSpans)

    @property
    def job(self) -> Job:
        """Its handle."""
        return self.open.job

    @property
    def token(self) -> str:
        """What another connection goes on with."""
        return f"{self.job.id}-{self.open.first_chars}"

    @property
    def closed(self) -> bool:
        """Does it take no more text?"""
        return self.open.closed.is_set()

    async def say(self, text: str) -> None:
        """Say more; waits while the job's queue is full.

        Raises:
            JobNotOpen: it has ended.
        """
        await self._insist(lambda: self.open.say(text, 0))

    async def flush(self) -> None:
        """Say what waits as it is."""
        await self._insist(lambda: self.open.flush(0))

    async def close(self) -> None:
        """No more text."""
        try:
            await asyncio.to_thread(self.open.close, 0)
        except Busy:
            await asyncio.sleep(FULL_POLL_S)
            await self.close()

    async def cancel(self, reason: str) -> None:
        """Stop at once."""
        self.open.closed.set()
        await asyncio.to_thread(self.job.cancel, reason)

    async def heard(self, ms: float) -> None:
        """So much has really been played."""
        await asyncio.to_thread(self.job.heard, ms)

    def leave(self) -> None:
        """The connection is gone, or the job over: no more of it is reported, and its producer's lease runs out."""
        self.over = True
        self.open.closed.set()
        self.encoding.discard()
        self.hearing.end()
        self.context.reports.close(self.mark)

    def given(self) -> None:
        """The client's connection took what `sound` gave out last."""
        self.context.reports.move(self.mark, self.ready)

    async def sound(self) -> AsyncGenerator[Told, None]:
        """What the client is told, in order, up to the end.

        Raises:
            PositionLost, JobUnknown: the client was away for too long.
            Unavailable: Redis does not answer.
        """
        follower = AsyncStreamReader(self.job, self.context.streams)
        self.context.reports.open(self.mark)
        async with contextlib.aclosing(follower.entries(self.after)) as entries:
            async for entry in entries:
                self.hearing.take(entry)
                facts, sound = await self._told(entry, follower.cursor.rate_hz)
                self.ready = replace(follower.cursor)
                yield facts, sound

    async def _told(self, entry: Heard | End, rate_hz: int) -> Told:
        place = {"id": str(entry.position)}
        if isinstance(entry, Audio):
            sound = await self.encoding.feed(entry.pcm, rate_hz, time.monotonic())
            self.context.meters.played(ms_of_bytes(len(entry.pcm), rate_hz) / 1000, 0.0)
            given_hz = self.encoding.pcm_hz or rate_hz
            return {"type": "audio", **place, "rate_hz": given_hz, "bytes": len(sound)}, sound
        if isinstance(entry, SentenceStart):
            return {"type": "sentence", **place, "seq": entry.seq, "text": entry.text}, b""
        if isinstance(entry, End):
            self.over, self.state = True, entry.state
            sound = await self.encoding.close()
            end = {"state": entry.state, "reason": entry.reason, "sentences": entry.n_sentences}
            return {"type": "end", **place, **end, "bytes": len(sound)}, sound
        return {"type": NAMES[type(entry)], **place, "seq": entry.seq}, b""

    async def _insist(self, step: Callable[[], None]) -> None:
        """Do a step, and again what the job's queue had no room for."""
        while True:
            try:
                await asyncio.to_thread(step)
            except Busy:
                await asyncio.sleep(FULL_POLL_S)
                step = self._nothing_more
            else:
                return

    def _nothing_more(self) -> None:
        self.open.say("", 0)  # its text was taken; it only has to go out


NAMES = {Gap: "gap", Discontinuity: "discontinuity"}


async def begin_text_session(
    context: GatewayContext, caller: Caller, wanted: AudioOptions, form: str, token: str, after: str
) -> TextSession:
    """Open a job, or go on with one.

    Raises:
        Problem: no such job of this caller's.
        SeriatimError: as `seriatim.client.open_job`.
    """
    more = {"kind": "live", "drain": "window", "reader_grace_s": wanted.reader_grace_s or RESUME_S}
    position = position_of(after)
    job, first_chars = await _job_of(context, caller, token) if token else (None, 0)
    meant = wanted.model_copy(update={"model": job.pool}) if job else wanted  # its pool cuts its text, whatever is said
    request = await asyncio.to_thread(lambda: meant.request(context, caller, **more))
    if job is not None:
        opened = await asyncio.to_thread(resume_job, context.producer, job, request, first_chars)
    else:
        await context.admit(request.pool_name, caller)
        opened = await asyncio.to_thread(open_job_with, context.producer, request)
        await context.note(opened.job, caller)
    job = opened.job
    encoding = StreamEncoding(form, wanted.sample_rate or 0, wanted.volume_multiplier)
    return TextSession(context, opened, encoding, position, DeliveryState(job.id, job.pool, position))


async def _job_of(context: GatewayContext, caller: Caller, token: str) -> tuple[Job, int]:
    """The job of a token, and how its first piece is cut.

    Raises:
        Problem: it is none, or no such job of this caller's.
    """
    job_id, _, first = token.partition("-")
    if not (JOB_ID.fullmatch(job_id) and first.isdecimal() and len(first) < 5):
        raise HttpProblem(400, "bad_input", "this is no token that `started` gave", param="resume")
    job = await context.own(job_id, caller)
    if not job.pool or job.drain is not DrainMode.WINDOW:
        raise not_found(f"no job {job_id!r} that text could be added to")
    return job, int(first)
