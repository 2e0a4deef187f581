"""The text session: a job whose text arrives over a connection, and whose audio is sent back over it.

`gateway.http.routes.text_stream` has the messages of the connection.
"""

import asyncio
import contextlib
import re
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import astuple, dataclass, field, replace
from typing import Any

from gateway.http.api_keys import Caller
from gateway.http.context import GatewayContext
from gateway.http.encoding.stream_formats import StreamEncoding
from gateway.http.problems import HttpProblem, not_found
from gateway.http.reading.async_stream_reader import AsyncStreamReader
from gateway.http.reading.positions import parse_position
from gateway.http.reading.word_timing import WordTiming
from gateway.http.recordings.job_owners import JOB_ID
from gateway.http.routing.route_table import server_of_job
from gateway.http.schemas.requests import AudioOptions
from gateway.http.streaming.sentence_spans import SentenceSpans
from gateway.http.streaming.silent_answer import encode_silence
from seriatim.audio.pcm import ms_of_bytes
from seriatim.client.cold_start import await_workers_async
from seriatim.client.job import Job
from seriatim.client.open_job import QUEUE_POLL_S, OpenJob
from seriatim.errors import Busy
from seriatim.keys import StreamPosition
from seriatim.reader_state import DeliveryState, PlayableEntry
from seriatim.records import DrainMode
from seriatim.stream_entries import Audio, Discontinuity, End, Gap, ReaderCursor, SentenceStart

RESUME_S = 20.0  #: default grace of a job after its connection broke: a phone that changes networks needs some seconds

#: of a resume token: the job, the length of its first segment in characters, and that of all its segments in ms
TOKEN = re.compile(rf"({JOB_ID.pattern})-([0-9]{{1,4}})(?:-([0-9]{{1,6}}))?")

ServerMessage = tuple[dict[str, Any], bytes]  #: a message, and the audio that follows it


@dataclass(slots=True)
class TextSession:
    """One job of one connection."""

    context: GatewayContext
    open: OpenJob
    encoding: StreamEncoding
    after: StreamPosition
    mark: DeliveryState
    rate_hz: int  #: of the audio that is sent; 0: not known before it is spoken
    timing: WordTiming | None = None  #: adds the times of words to `sentence` messages
    has_text: bool = False  #: some text came, even if none of it can be spoken
    acknowledging: bool = False  #: the client says what it has received
    sent: deque[ReaderCursor] = field(default_factory=deque)  #: behind messages that it has not acknowledged
    cancelled: bool = False  #: by its listener, who wants no more audio
    over: bool = False  #: the job has ended, or the connection is closed
    state: str = ""  #: final state of the job, set before its `end` is sent
    ready: ReaderCursor = field(default_factory=ReaderCursor)  #: after the last message of `messages`
    spans: SentenceSpans = field(default_factory=SentenceSpans)

    @property
    def job(self) -> Job:
        """The job of the session."""
        return self.open.job

    @property
    def token(self) -> str:
        """The token with which another connection resumes the job."""
        return f"{self.job.id}-{self.open.first_chars}-{self.open.limit_ms}"

    @property
    def closed(self) -> bool:
        """Whether the job takes no more text."""
        return self.open.closed.is_set()

    async def add_text(self, text: str) -> None:
        """Add text; waits while the job's queue is full.

        Raises:
            JobNotOpen: it has ended.
        """
        self.has_text = self.has_text or bool(text)
        await self._retry_while_full(lambda: self.open.say(text, 0))

    async def flush(self) -> None:
        """Speak the buffered text without waiting for more."""
        await self._retry_while_full(lambda: self.open.flush(0))

    async def close(self) -> None:
        """End the text."""
        try:
            await asyncio.to_thread(self.open.close, 0)
        except Busy:
            await asyncio.sleep(QUEUE_POLL_S)
            await self.close()

    def take_warnings(self) -> list[str]:
        """Warnings about the text that have not been taken yet."""
        return [self.open.warnings.pop(0) for _ in range(len(self.open.warnings))]

    async def cancel(self, reason: str) -> None:
        """Cancel the job."""
        self.cancelled = True
        self.open.closed.set()
        await asyncio.to_thread(self.job.cancel, reason)

    async def report_played(self, ms: float) -> None:
        """Report that `ms` of the job were played."""
        await asyncio.to_thread(self.job.report_played, ms)

    def leave(self) -> None:
        """Release the job after its end or the connection's: stop its reports, and let its producer lease expire."""
        self.over = True
        self.open.closed.set()
        self.encoding.discard()
        self.spans.end()
        self.context.reports.close(self.mark)

    def mark_sent(self) -> None:
        """Record that the last message of `messages` was sent; a client that acknowledges may not have it yet."""
        if not self.acknowledging:
            self.context.reports.move(self.mark, self.ready)

    def acknowledge(self, received: StreamPosition) -> None:
        """Record that the client has everything up to a position."""
        while self.sent and astuple(self.sent[0].position) <= astuple(received):
            self.context.reports.move(self.mark, self.sent.popleft())

    async def messages(self) -> AsyncGenerator[ServerMessage, None]:
        """Generate the messages for the client, in order, up to the end.

        Raises:
            PositionLost, JobUnknown: the client resumed too late.
            Unavailable: Redis does not answer.
        """
        reader = AsyncStreamReader(self.job, self.context.streams, heard_s=self.context.readiness.heard_s)
        self.context.reports.open(self.mark)
        async with contextlib.aclosing(reader.entries(self.after)) as entries:
            async for entry in entries:
                self.spans.start_entry(entry)
                facts, audio = await self._message_of(entry, reader.cursor.rate_hz)
                self.ready = replace(reader.cursor)
                if self.acknowledging:  # before it is sent: the answer may be quick
                    self.sent.append(self.ready)
                yield facts, audio

    async def _message_of(self, entry: PlayableEntry | End, rate_hz: int) -> ServerMessage:
        position_field = {"id": str(entry.position)}
        if isinstance(entry, Audio):
            if self.cancelled:
                return {"type": "audio", **position_field}, b""
            audio = await self.encoding.feed(entry.pcm, rate_hz, time.monotonic())
            self.context.meters.played(ms_of_bytes(len(entry.pcm), rate_hz) / 1000, 0.0)
            output_hz = self.encoding.output_hz(rate_hz)
            return {"type": "audio", **position_field, "rate_hz": output_hz, "bytes": len(audio)}, audio
        if isinstance(entry, SentenceStart):
            words = self.timing.begin(entry, rate_hz) if self.timing else {}
            return {"type": "sentence", **position_field, "seq": entry.seq, "text": entry.text} | words, b""
        if isinstance(entry, End):
            self.over, self.state = True, entry.state
            audio = b"" if self.cancelled else await self._silence(entry) + await self.encoding.close()
            end = {"state": entry.state, "reason": entry.reason, "sentences": entry.n_sentences}
            return {"type": "end", **position_field, **end, "bytes": len(audio)}, audio
        return {"type": NAMES[type(entry)], **position_field, "seq": entry.seq}, b""

    async def _silence(self, end: End) -> bytes:
        """A short silence, as a whole file, where text came that has no speech: clients take no audio for an error."""
        if end.n_sentences or end.state != "done" or not self.has_text:
            return b""
        return await asyncio.to_thread(self._encode_silence)

    def _encode_silence(self) -> bytes:
        return encode_silence(self.encoding.name, self.job.silence_hz(), self.encoding.pcm_hz)

    async def _retry_while_full(self, step: Callable[[], None]) -> None:
        """Run a step; while the job's queue is full, retry the part that had no room."""
        while True:
            try:
                await asyncio.to_thread(step)
            except Busy:
                await asyncio.sleep(QUEUE_POLL_S)
                step = self._flush_buffered
            else:
                return

    def _flush_buffered(self) -> None:
        self.open.say("", 0)  # the text is buffered; it only has to be sent


NAMES = {Gap: "gap", Discontinuity: "discontinuity"}


async def open_text_session(
    context: GatewayContext, caller: Caller, options: AudioOptions, format_name: str, token: str, after: str,
    scheduling: Mapping[str, Any] = {},
) -> TextSession:  # fmt: skip
    """Open a job, or resume one; `scheduling` has further options of it.

    Raises:
        HttpProblem: the caller has no such job.
        SeriatimError: as `seriatim.client.open_job`.
    """
    live_options = {
        "kind": "live",
        "drain": "window",
        "reader_grace_s": options.reader_grace_s or RESUME_S,
        **scheduling,
    }
    position = parse_position(after)
    if token:
        context = context.at(context.known_server(server_of_job(token.partition("-")[0])))
    else:
        context, options = options.at_server(context, caller)
    job, cut = await _job_of_token(context, caller, token) if token else (None, (0, 0))
    effective_options = (
        options.model_copy(update={"model": job.pool}) if job else options
    )  # a resumed job stays in its pool
    request = await asyncio.to_thread(lambda: effective_options.request(context, caller, **live_options))
    if job is not None:
        opened = await asyncio.to_thread(context.producer.resume, job, request, *cut)
    else:
        with context.outage.trial():
            await context.admit(request.pool_name, caller)
            await await_workers_async(context.producer, request)
            opened = await asyncio.to_thread(context.producer.open, request)
            await context.note(opened.job, caller)
    job = opened.job
    encoding = StreamEncoding(format_name, options.sample_rate or 0, options.volume_multiplier)
    pool_hz = context.producer.pool_cache.get(job.pool).rate_hz
    rate_hz = encoding.output_hz(pool_hz) if pool_hz else encoding.pcm_hz
    return TextSession(context, opened, encoding, position, DeliveryState(job.id, job.pool, position), rate_hz)


async def _job_of_token(context: GatewayContext, caller: Caller, token: str) -> tuple[Job, tuple[int, int]]:
    """The job of a token, the length of its first segment in characters, and of all its segments in ms; 0: any.

    Raises:
        HttpProblem: the token is invalid, or the caller has no such job.
    """
    match = TOKEN.fullmatch(token)
    if match is None:
        raise HttpProblem(400, "bad_input", "invalid token; expected one from a `started` message", param="resume")
    job_id, first_chars, limit_ms = match.groups()
    job = await context.own(job_id, caller)
    if not job.pool or job.drain is not DrainMode.WINDOW:
        raise not_found(f"no open job {job_id!r}: it has ended; start without `resume`, and send its text again")
    return job, (int(first_chars), int(limit_ms or 0))
