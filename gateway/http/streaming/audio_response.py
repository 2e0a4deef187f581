"""The audio response: a job's audio while it is spoken, encoded, sent, reported, and cut off if the job fails.

The status waits for the first sound: a job that fails before is an error like any other. One that fails later cuts
the connection in the middle of the body, so that no client takes half a text for a whole one.
"""

import asyncio
import base64
import contextlib
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.http.connection_cut import CUT
from gateway.http.context import GatewayContext
from gateway.http.encoding.stream_formats import EncodedBuffer, PatchableBuffer, StreamEncoding, media_type
from gateway.http.playback_model import PlaybackModel
from gateway.http.problems import problem_of
from gateway.http.reading.async_stream_reader import AsyncStreamReader
from gateway.http.streaming.sentence_spans import SentenceSpans
from gateway.http.task_endings import cancel_and_wait, keep_running
from seriatim.audio.pcm import bytes_of_ms, ms_of_bytes
from seriatim.client.job import Job
from seriatim.errors import EmptyText, JobCancelled, SeriatimError, TimedOut, error_of_end, refused_input
from seriatim.keys import StreamPosition
from seriatim.reader_state import DeliveryState, Heard
from seriatim.records import DrainMode
from seriatim.stream_entries import Audio, End

log = logging.getLogger(__name__)

SILENCE_MS = 50  #: of a text with nothing to say
RATE_HZ = 24_000  #: of a pool that has no workers yet
#: there are no tokens: clients expect the fields
DONE_EVENT = {
    "type": "speech.audio.done", "usage": {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0},
}  # fmt: skip
#: how a stream ends
DONE, LEFT, CANCELLED, FAILED, STALLED, TIMED_OUT = "done", "left", "cancelled", "failed", "stalled", "timed_out"
MOVED = "moved"
STATES = {"done": DONE, "cancelled": CANCELLED, "timed_out": TIMED_OUT}  #: of jobs; any other is FAILED
OUTCOMES = ((JobCancelled, CANCELLED), (TimedOut, TIMED_OUT))  #: of errors; any other is FAILED


@dataclass(frozen=True, slots=True)
class AudioRequest:
    """How a client wants a job's sound."""

    format: str = "mp3"
    pcm_hz: int = 0  #: the rate of the samples that are encoded; 0: as they were made
    volume: float = 1.0  #: louder than it was spoken by so much
    sse: bool = False  #: as server-sent events, in base64
    after: StreamPosition = field(default_factory=StreamPosition)
    whole: bool = False  #: sent at once when it is whole, with its length and a true header
    plays: bool = True  #: as it comes: its first sound and its silences are heard
    stops: bool = False  #: the job ends when the client leaves
    asked_s: float = field(default_factory=time.monotonic)


class AudioResponse(Response):
    """One job's sound for one client."""

    def __init__(
        self, context: GatewayContext, job: Job, audio_request: AudioRequest, rest: Callable[[], Any] | None = None
    ) -> None:
        self.context, self.job, self.audio_request = context, job, audio_request
        self.rest = rest  #: sends the rest of a long text, while its beginning is heard already
        self.status_code, self.background = 200, None  # what FastAPI looks at
        tray = PatchableBuffer() if audio_request.whole else EncodedBuffer()
        self._encoding = StreamEncoding(
            audio_request.format, audio_request.pcm_hz, volume=audio_request.volume, tray=tray
        )
        self._follower = AsyncStreamReader(job, context.streams)
        self._playback, self._hearing = PlaybackModel(), SentenceSpans()
        self._started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Play until the end, or until the client leaves."""
        mark = DeliveryState(self.job.id, self.job.pool) if self.job.drain is DrainMode.WINDOW else None
        playing = asyncio.create_task(self._play(scope, send, mark))
        leaving = asyncio.create_task(_left(receive))
        keep_running(self._send_rest())  # it outlives a client that leaves a detached job
        self.context.meters["http_streams"].inc()
        how = FAILED  # what the answer itself raises is a failure, too
        try:
            await asyncio.wait({playing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            how = playing.result() if playing.done() else LEFT
        except asyncio.CancelledError:  # this gateway ends, not its client, who goes on with another
            how = MOVED
            raise
        finally:
            await self._end(mark, playing, leaving)
            self.context.meters["http_streams_ended"].labels(how).inc()
        if how in (LEFT, STALLED) and self.audio_request.stops:
            await self._stop("its listener left" if how == LEFT else "its listener took nothing any more")
        if how == STALLED and CUT in scope["state"]:
            scope["state"][CUT]()

    async def _end(self, mark: DeliveryState | None, *tasks: "asyncio.Task[Any]") -> None:
        await cancel_and_wait(*tasks)
        self._hearing.end()
        self._encoding.discard()
        if mark is not None:
            self.context.reports.close(mark)
        self.context.meters["http_streams"].dec()
        if self.audio_request.plays:
            self.context.meters.heard(self._playback)

    async def _stop(self, why: str) -> None:
        try:
            await asyncio.to_thread(self.job.cancel, why)
        except SeriatimError as error:  # its grace ends it, then
            log.warning("a job could not be cancelled", extra={"job": self.job.id, "error": str(error)})

    async def _send_rest(self) -> None:
        if self.rest is not None:
            try:
                await asyncio.to_thread(self.rest)
                self.rest = None  # and the text that it held
            except SeriatimError as error:  # the stream says so, too: the job has ended
                log.info("a text was not sent to its end", extra={"job": self.job.id, "error": str(error)})
            except Exception:  # the task's outermost call: half a text must not pass for a whole one
                log.exception("the rest of a text could not be sent", extra={"job": self.job.id})
                await self._stop("its text could not be sent to its end")

    async def _play(self, scope: Scope, send: Send, mark: DeliveryState | None) -> str:
        """Returns how it ended."""
        if mark is not None:
            mark.position = self.audio_request.after
            self.context.reports.open(mark)
        try:
            async with contextlib.aclosing(self._follower.entries(self.audio_request.after)) as entries:
                async for entry in entries:
                    await self._take(entry, send, mark)
        except SeriatimError as error:
            return await self._failed(error, scope, send)
        except TimeoutError:
            return STALLED
        return DONE

    async def _take(self, entry: Heard | End, send: Send, mark: DeliveryState | None) -> None:
        cursor = self._follower.cursor
        self._hearing.take(entry)
        if isinstance(entry, Audio):
            sound = await self._encoding.feed(entry.pcm, cursor.rate_hz, self._playback.dry_s)
            await self._send(send, sound, entry.position)
            sound_s = ms_of_bytes(len(entry.pcm), cursor.rate_hz) / 1000
            silent_s = self._playback.feed(time.monotonic(), sound_s)
            self.context.meters.played(sound_s, silent_s if self.audio_request.plays else 0.0)
        elif isinstance(entry, End):
            self._check(entry)
            await self._finish(send, entry)
        if mark is not None:
            self.context.reports.move(mark, replace(cursor))

    def _check(self, end: End) -> None:
        """An end that is none of a whole text is an error."""
        if end.state != "done":
            if end.state == "failed" and (refused := refused_input(end.reason)):
                raise refused
            raise error_of_end(self.job.id, end.state, end.reason)
        if self._encoding.encoder is None and self.audio_request.after == StreamPosition() and end.n_sentences:
            raise EmptyText(f"no sound came of job {self.job.id}")

    async def _send(self, send: Send, sound: bytes, position: StreamPosition) -> None:
        if not self._started and not self.audio_request.whole:
            await self._start(send)
        if sound:
            await self._give(send, self._delta(sound, position) if self.audio_request.sse else sound)

    async def _start(self, send: Send, n_bytes: int | None = None) -> None:
        kind = (
            "text/event-stream"
            if self.audio_request.sse
            else media_type(self.audio_request.format, self.audio_request.pcm_hz or self._follower.cursor.rate_hz)
        )
        headers = {
            "content-type": kind,
            "cache-control": "no-store",
            "seriatim-job": self.job.id,
            "x-accel-buffering": "no",  # nginx would hold it back
        }
        if n_bytes is not None:
            headers["content-length"] = str(n_bytes)
        self._started = True
        if self.audio_request.plays:
            self.context.meters["http_first_audio_seconds"].labels(self.job.pool).observe(
                time.monotonic() - self.audio_request.asked_s
            )
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": raw})

    async def _finish(self, send: Send, end: End) -> None:
        if self._encoding.encoder is None and self.audio_request.after == StreamPosition():  # there was nothing to say
            await self._pause(send, end)
        sound = await self._encoding.close()
        if isinstance(tray := self._encoding.tray, PatchableBuffer):
            sound = bytes(tray.written)
        if not self._started:
            await self._start(send, len(sound) if self.audio_request.whole else None)
        if self.audio_request.sse:
            sound = (self._delta(sound, end.position) if sound else b"") + self._event(DONE_EVENT, end.position)
        await self._give(send, sound, more=False)

    async def _pause(self, send: Send, end: End) -> None:
        """A short silence instead of a file without sound, which some clients take for a fault."""
        facts = await asyncio.to_thread(self.context.producer.pool_cache.get, self.job.pool)
        rate_hz = facts.rate_hz or RATE_HZ
        self._follower.cursor.rate_hz = rate_hz
        sound = await self._encoding.feed(bytes(bytes_of_ms(SILENCE_MS, rate_hz)), rate_hz)
        await self._send(send, sound, end.position)

    def _delta(self, sound: bytes, position: StreamPosition) -> bytes:
        return self._event(delta(sound), position)

    def _event(self, facts: object, position: StreamPosition) -> bytes:
        """With its place, unless nobody can go on there: OpenAI's have none, and not every client expects one."""
        return event("", facts, None if self.audio_request.stops else position)

    async def _give(self, send: Send, body: bytes, *, more: bool = True) -> None:
        async with asyncio.timeout(self.context.settings.http_write_timeout_s):
            await send({"type": "http.response.body", "body": body, "more_body": more})

    async def _failed(self, error: SeriatimError, scope: Scope, send: Send) -> str:
        """Without the last part of the body, the server cuts the connection. A job that was cancelled is no failure."""
        problem = problem_of(error)
        how = outcome_of(error)
        if not self._started:
            await problem.response()(scope, _nothing, send)
            return how
        if how != CANCELLED:
            log.warning("a stream was cut", extra={"job": self.job.id, "error": str(error)})
        if self.audio_request.sse:
            await self._give(send, event("error", problem.body), more=False)
        return how


def outcome_of(error: SeriatimError) -> str:
    """How a stream ended that an error ended."""
    return next((how for kind, how in OUTCOMES if isinstance(error, kind)), FAILED)


def event(kind: str, facts: object, position: StreamPosition | None = None) -> bytes:
    """A server-sent event; `position` is where a reader goes on behind it. Some clients look at the first line only."""
    name = f"event: {kind}\n" if kind else ""
    place = f"id: {position}\n" if position else ""
    return f"{name}data: {json.dumps(facts, ensure_ascii=False)}\n{place}\n".encode()


def delta(sound: bytes) -> dict[str, str]:
    """An event with sound, as OpenAI has it."""
    return {"type": "speech.audio.delta", "audio": base64.b64encode(sound).decode()}


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _nothing() -> Any:
    return {"type": "http.disconnect"}
