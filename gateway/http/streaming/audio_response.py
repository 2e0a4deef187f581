"""The audio response: a job's audio, encoded, sent and reported while it is spoken.

The status is sent with the first audio: a job that fails earlier is an ordinary error response. If the job fails later,
the connection is cut in the middle of the body, so that no client takes an incomplete response for a complete one.
"""

import asyncio
import base64
import contextlib
import json
import logging
import time
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
from gateway.http.streaming.remaining_text import send_remaining_text
from gateway.http.streaming.sentence_spans import SentenceSpans
from gateway.http.task_endings import cancel_and_wait, keep_running
from seriatim.audio.pcm import ms_of_bytes, short_silence
from seriatim.client.job import Job
from seriatim.client.partial_submission import PartialSubmission
from seriatim.errors import EmptyText, JobCancelled, SeriatimError, TimedOut, error_of_end, refused_input
from seriatim.keys import StreamPosition
from seriatim.reader_state import DeliveryState, PlayableEntry
from seriatim.records import DrainMode
from seriatim.stream_entries import Audio, End

log = logging.getLogger(__name__)

#: clients expect the token counts, which do not exist here
DONE_EVENT = {
    "type": "speech.audio.done", "usage": {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0},
}  # fmt: skip
#: outcomes of streams
DONE, LEFT, CANCELLED, FAILED, STALLED, TIMED_OUT = "done", "left", "cancelled", "failed", "stalled", "timed_out"
MOVED = "moved"
STATES = {"done": DONE, "cancelled": CANCELLED, "timed_out": TIMED_OUT}  #: of jobs; any other is FAILED
OUTCOMES = ((JobCancelled, CANCELLED), (TimedOut, TIMED_OUT))  #: of errors; any other is FAILED


@dataclass(frozen=True, slots=True)
class AudioRequest:
    """The form in which a client requests a job's audio."""

    format: str = "mp3"
    pcm_hz: int = 0  #: the sample rate of the output; 0: that of the engine
    volume: float = 1.0  #: factor on the samples
    sse: bool = False  #: as server-sent events, in base64
    after: StreamPosition = field(default_factory=StreamPosition)
    whole: bool = False  #: sent as one complete file, with its length and a final header
    plays: bool = True  #: played as it arrives, so that first audio and silences count in the metrics
    stops: bool = False  #: the job is cancelled when the client disconnects
    requested_s: float = field(default_factory=time.monotonic)


class AudioResponse(Response):
    """The audio of one job for one client."""

    def __init__(
        self,
        context: GatewayContext,
        job: Job,
        audio_request: AudioRequest,
        submission: PartialSubmission | None = None,
    ) -> None:
        self.context, self.job, self.audio_request = context, job, audio_request
        self.submission = submission  #: of a long text, whose rest is sent while its beginning is played
        self.status_code, self.background = 200, None  # attributes that FastAPI reads
        buffer = PatchableBuffer() if audio_request.whole else EncodedBuffer()
        self._encoding = StreamEncoding(
            audio_request.format, audio_request.pcm_hz, volume=audio_request.volume, buffer=buffer
        )
        self._reader = AsyncStreamReader(job, context.streams, heard_s=context.readiness.heard_s)
        self._playback, self._spans = PlaybackModel(), SentenceSpans()
        self._started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until the end of the job, or until the client disconnects."""
        delivery = DeliveryState(self.job.id, self.job.pool) if self.job.drain is DrainMode.WINDOW else None
        play_task = asyncio.create_task(self._play(scope, send, delivery))
        disconnect_task = asyncio.create_task(await_disconnect(receive))
        keep_running(self._send_rest())  # continues after the client of a detached job disconnects
        self.context.meters["http_streams"].inc()
        outcome = FAILED  # an exception counts as a failure, too
        try:
            await asyncio.wait({play_task, disconnect_task}, return_when=asyncio.FIRST_COMPLETED)
            outcome = play_task.result() if play_task.done() else LEFT
        except asyncio.CancelledError:  # this gateway ends; the client resumes at another
            outcome = MOVED
            raise
        finally:
            await self._clean_up(delivery, play_task, disconnect_task)
            self.context.meters["http_streams_ended"].labels(outcome).inc()
        if outcome in (LEFT, STALLED) and self.audio_request.stops:
            await self._cancel_job("its listener disconnected" if outcome == LEFT else "its listener stopped reading")
        if outcome == STALLED and CUT in scope["state"]:
            scope["state"][CUT]()

    async def _clean_up(self, delivery: DeliveryState | None, *tasks: "asyncio.Task[Any]") -> None:
        await cancel_and_wait(*tasks)
        self._spans.end()
        self._encoding.discard()
        if delivery is not None:
            self.context.reports.close(delivery)
        self.context.meters["http_streams"].dec()
        if self.audio_request.plays:
            self.context.meters.count_played(self._playback)

    async def _cancel_job(self, reason: str) -> None:
        try:
            await asyncio.to_thread(self.job.cancel, reason)
        except SeriatimError as error:  # it is cancelled after its grace
            log.warning("a job could not be cancelled", extra={"job": self.job.id, "error": str(error)})

    async def _send_rest(self) -> None:
        if self.submission is not None:
            try:
                await send_remaining_text(self.submission)
                self.submission = None  # releases the text
            except SeriatimError as error:  # the stream reports it, too: the job has ended
                log.info("a text was not sent to its end", extra={"job": self.job.id, "error": str(error)})
            except Exception:  # the task's outermost call: the job must not end as done
                log.exception("the rest of a text could not be sent", extra={"job": self.job.id})
                await self._cancel_job("its text could not be sent to its end")

    async def _play(self, scope: Scope, send: Send, delivery: DeliveryState | None) -> str:
        """Stream the job; returns the outcome."""
        if delivery is not None:
            delivery.position = self.audio_request.after
            self.context.reports.open(delivery)
        try:
            async with contextlib.aclosing(self._reader.entries(self.audio_request.after)) as entries:
                async for entry in entries:
                    await self._send_entry(entry, send, delivery)
        except SeriatimError as error:
            return await self._end_with_error(error, scope, send)
        except TimeoutError:
            return STALLED
        return DONE

    async def _send_entry(self, entry: PlayableEntry | End, send: Send, delivery: DeliveryState | None) -> None:
        cursor = self._reader.cursor
        self._spans.start_entry(entry)
        if isinstance(entry, Audio):
            audio = await self._encoding.feed(entry.pcm, cursor.rate_hz, self._playback.dry_s)
            await self._send_audio(send, audio, entry.position)
            audio_s = ms_of_bytes(len(entry.pcm), cursor.rate_hz) / 1000
            silent_s = self._playback.feed(time.monotonic(), audio_s)
            self.context.meters.played(audio_s, silent_s if self.audio_request.plays else 0.0)
        elif isinstance(entry, End):
            self._raise_if_incomplete(entry)
            await self._send_end(send, entry)
        if delivery is not None:
            self.context.reports.move(delivery, replace(cursor))

    def _raise_if_incomplete(self, end: End) -> None:
        """Raise the error of a job that did not complete."""
        if end.state != "done":
            if end.state == "failed" and (refused := refused_input(end.reason)):
                raise refused
            raise error_of_end(self.job.id, end.state, end.reason)
        if self._encoding.encoder is None and self.audio_request.after == StreamPosition() and end.n_sentences:
            raise EmptyText(f"job {self.job.id} produced no audio")

    async def _send_audio(self, send: Send, audio: bytes, position: StreamPosition) -> None:
        if not self._started and not self.audio_request.whole:
            await self._send_headers(send)
        if audio:
            await self._send_body(send, self._delta(audio, position) if self.audio_request.sse else audio)

    async def _send_headers(self, send: Send, n_bytes: int | None = None) -> None:
        content_type = (
            "text/event-stream"
            if self.audio_request.sse
            else media_type(self.audio_request.format, self.audio_request.pcm_hz or self._reader.cursor.rate_hz)
        )
        headers = {
            "content-type": content_type,
            "cache-control": "no-store",
            "seriatim-job": self.job.id,
            "x-accel-buffering": "no",  # otherwise nginx buffers the response
        }
        if n_bytes is not None:
            headers["content-length"] = str(n_bytes)
        self._started = True
        if self.audio_request.plays:
            self.context.meters["http_first_audio_seconds"].labels(self.job.pool).observe(
                time.monotonic() - self.audio_request.requested_s
            )
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": raw})

    async def _send_end(self, send: Send, end: End) -> None:
        if self._encoding.encoder is None and self.audio_request.after == StreamPosition():  # a text without speech
            await self._encode_silence()
        audio, n_bytes = await self._encoding.close(), None
        if isinstance(buffer := self._encoding.buffer, PatchableBuffer):
            audio = bytes(buffer.written)
            n_bytes = None if self.audio_request.sse else len(audio)
        if not self._started:
            await self._send_headers(send, n_bytes)
        if self.audio_request.sse:
            audio = (self._delta(audio, end.position) if audio else b"") + self._event(DONE_EVENT, end.position)
        await self._send_body(send, audio, more=False)

    async def _encode_silence(self) -> None:
        """Encode a short silence, as a whole file, instead of an empty one."""
        rate_hz = await asyncio.to_thread(self.job.silence_hz)
        self._reader.cursor.rate_hz = rate_hz
        self._encoding.buffer = PatchableBuffer()
        await self._encoding.feed(short_silence(rate_hz), rate_hz)

    def _delta(self, audio: bytes, position: StreamPosition) -> bytes:
        return self._event(audio_event(audio), position)

    def _event(self, facts: object, position: StreamPosition) -> bytes:
        """An event with its position as id, unless the job cannot be resumed: OpenAI's events have no id."""
        return format_event("", facts, None if self.audio_request.stops else position)

    async def _send_body(self, send: Send, body: bytes, *, more: bool = True) -> None:
        async with asyncio.timeout(self.context.settings.http_write_timeout_s):
            await send({"type": "http.response.body", "body": body, "more_body": more})

    async def _end_with_error(self, error: SeriatimError, scope: Scope, send: Send) -> str:
        """Send an error, or leave the body incomplete so that the server cuts the connection; returns the outcome."""
        problem = problem_of(error)
        outcome = outcome_of(error)
        if not self._started:
            await problem.response()(scope, _receive_disconnect, send)
            return outcome
        if outcome != CANCELLED:
            log.warning("a stream was cut", extra={"job": self.job.id, "error": str(error)})
        if self.audio_request.sse:
            await self._send_body(send, format_event("error", problem.body), more=False)
        return outcome


def outcome_of(error: SeriatimError) -> str:
    """The outcome of a stream that ended with an error."""
    return next((outcome for error_class, outcome in OUTCOMES if isinstance(error, error_class)), FAILED)


def format_event(name: str, facts: object, position: StreamPosition | None = None) -> bytes:
    """Format a server-sent event; `position` is its id. `data` comes early: some clients read only the first line."""
    name_line = f"event: {name}\n" if name else ""
    id_line = f"id: {position}\n" if position else ""
    return f"{name_line}data: {json.dumps(facts, ensure_ascii=False)}\n{id_line}\n".encode()


def audio_event(audio: bytes) -> dict[str, str]:
    """The data of an audio event in OpenAI's format."""
    return {"type": "speech.audio.delta", "audio": base64.b64encode(audio).decode()}


async def await_disconnect(receive: Receive) -> None:
    """Wait until the client has gone; the request's body was read before."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _receive_disconnect() -> Any:
    return {"type": "http.disconnect"}
