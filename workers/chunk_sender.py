"""The chunk sender: trims and fades a sentence's audio, cuts it into chunks, appends them to Redis.

Offsets count bytes from the start of the sentence. An attempt that continues an earlier one produces all bytes again
and sends those beyond `base`, unless its engine says that it begins there (`AudioChunk.continues`). It compares the
checksum of the bytes before `base`: if an engine promised the same bytes and gave others, the stream gets a
discontinuity instead of a seam between two takes.

The engine does not wait for a Redis that is far: the reply to a chunk is read when it is there (decision 88). That to
the first is awaited, because it says when the sentence was heard; the last one follows on the same connection.
"""

import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from redis import Redis

from seriatim.audio.pcm import ms_of_bytes
from seriatim.engine import AudioChunk
from seriatim.errors import EngineFailed, MemoryFull
from seriatim.lua import job_scripts
from seriatim.lua.job_scripts import AppendVerdict, ChunkAppend, OpenResult
from seriatim.lua.pending_reply import PendingReply
from seriatim.lua.script_calls import ScriptCall, run
from seriatim.records import TaskMessage
from seriatim.text.word_times import encode_word_times
from workers.trim_and_fade import TrimFadeFilter

MAX_APPEND_MS = 1_000  #: most audio per append: a longer one, sent at a sentence's end, would keep its slot waiting
FAR_S = 0.003  #: a server that takes longer to reply to the first chunk is far, or busy
LEAD_SHARE = 4  #: a chunk may be held back for 1/LEAD_SHARE of the listener's lead
MEMORY_WAIT_S = 20.0  #: longest wait of a chunk for memory in Redis; shorter than the stall timeout
MEMORY_POLL_S = 0.2
MAX_RESENDS = 8  #: requests to resend in a row, after which the attempt fails

AppendCall = ScriptCall[tuple[AppendVerdict, int]]


class AttemptDropped(Exception):  # control flow, not an error
    """The attempt is fenced, or its job has ended."""


@dataclass(slots=True)
class ChunkSender:
    """The bytes of one attempt at one sentence."""

    redis: "Redis"
    message: TaskMessage
    opened: OpenResult
    edge_filter: TrimFadeFilter
    rate_hz: int
    lead_ms: int  #: until the listener needs the sentence
    resumed: bool = False  #: the engine continues at base and produces nothing before it
    produced: bytearray = field(default_factory=bytearray)  #: all bytes of this attempt, kept for a resend
    sent: int = 0  #: end offset of the bytes in Redis
    crc: int = 0  #: CRC-32 of all bytes produced
    complete: bool = False  #: another attempt completed the sentence
    differs: bool = False
    flushed_s: float = field(default_factory=time.monotonic)
    start: int = 0  #: offset of produced[0]
    words: tuple[tuple[float, float], ...] = ()  #: times of its words, of this attempt's untrimmed sound
    first_sound_s: float | None = None  #: monotonic time at which the first sound was in Redis
    _is_far: bool | None = field(default=None, init=False)  #: None: the first chunk was not sent
    _pending: "_PendingChunk | None" = field(default=None, init=False)  #: a chunk whose reply was not read
    _reply_s: float = field(default=0.0, init=False)  #: that the last awaited reply took

    def __post_init__(self) -> None:
        self.sent = self.opened.base
        if self.resumed:
            self._begin_at_base()

    def _begin_at_base(self) -> None:
        self.start, self.crc = self.opened.base, self.opened.checksum or 0

    @property
    def end(self) -> int:
        """Offset after the last byte produced."""
        return self.start + len(self.produced)

    def feed(self, chunk: AudioChunk) -> None:
        """Add a chunk from the engine; sends once enough audio is pending for the listener's lead.

        Raises:
            AttemptDropped: the attempt is fenced, or its job has ended.
            EngineFailed: the chunk is not s16le.
        """
        if len(chunk.pcm) % 2:
            raise EngineFailed(f"{len(chunk.pcm)} bytes of audio; expected whole 16-bit samples")
        if chunk.continues and not self.produced:
            self._begin_at_base()
        if self._pending and self._pending.reply.has_arrived:
            self._await_pending()
        self._add_pcm(self.edge_filter.feed(chunk.pcm))
        self.words = chunk.words or self.words
        if chunk.last:
            return  # `finish` sends it
        pending_ms = ms_of_bytes(self.end - self._next_offset, self.rate_hz)
        pending_step_grace_ms = min(MAX_APPEND_MS, max(0, self.lead_ms) / LEAD_SHARE)
        waited_ms = (time.monotonic() - self.flushed_s) * 1000
        if pending_ms > 0 and (pending_ms >= pending_step_grace_ms or waited_ms >= pending_step_grace_ms):
            self._send_chunk(chunk.state)

    def __enter__(self) -> Self:
        """For as long as chunks are sent."""
        return self

    def __exit__(self, *_: object) -> None:
        """Drop a reply that was not read: the attempt ended early."""
        chunk, self._pending = self._pending, None
        if chunk is not None:
            chunk.reply.drop()

    def finish(self, wrap: Callable[[AppendCall, int], AppendCall] | None = None) -> int:
        """Send the rest; returns the sentence's length in bytes.

        `wrap`: makes the call that is sent of the append and that length, to do more in the same round trip.

        Raises:
            AttemptDropped: the attempt is fenced, or its job has ended.
            SentenceComplete: another attempt has completed it.
        """
        self._add_pcm(self.edge_filter.finish())
        self._send_and_wait(b"", final=True, wrap=wrap)
        return self.length

    @property
    def length(self) -> int:
        """The sentence's length in bytes, once all of it was produced."""
        return max(self.end, self.sent)

    @property
    def _next_offset(self) -> int:
        """Where the next chunk begins, if the pending one arrives."""
        return self._pending.end if self._pending else self.sent

    def _add_pcm(self, pcm: bytes) -> None:
        if not pcm:
            return
        base, before = self.opened.base, self.end
        if before < base <= before + len(pcm):
            self._compare_checksum(zlib.crc32(pcm[: base - before], self.crc))
        self.produced += pcm
        self.crc = zlib.crc32(pcm, self.crc)

    def _compare_checksum(self, crc: int) -> None:
        if self.opened.checksum is not None and crc != self.opened.checksum:
            self.differs = True

    def _send_chunk(self, state: bytes) -> None:
        """Send what Redis lacks, in the middle of the sentence; `state` is that of the engine, if it has one."""
        self._await_pending()
        if self.end < self.sent:
            return
        packed = _pack_state(state, self.edge_filter.state()) if state else b""
        if self._is_far:
            self._send_unawaited(packed)
            return
        self._send_and_wait(packed, final=False)
        if self._is_far is None:
            self._is_far = self._reply_s > FAR_S

    def _send_and_wait(
        self, packed: bytes, *, final: bool, wrap: Callable[[AppendCall, int], AppendCall] | None = None
    ) -> None:
        for _ in range(MAX_RESENDS):
            call = self._append_call(packed, final=final)
            verdict, received = self._append(wrap(call, self.length) if wrap else call, final=final)
            if verdict is not AppendVerdict.GAP or received < self.start:
                self._apply_verdict(verdict, received, self.end)
                return
            self.sent = received
        raise EngineFailed(f"sentence {self.message.seq}: Redis requested bytes from {self.sent} on too often")

    def _append_call(self, packed: bytes, *, final: bool) -> AppendCall:
        """The call with all that Redis lacks."""
        offset = self._next_offset
        pcm = bytes(self.produced[max(0, offset - self.start) :])
        words = "" if offset else self._encoded_words()
        chunk = ChunkAppend(offset, pcm, final, self.crc, packed, self.differs, words)
        return job_scripts.append(self.message.job, self.message.seq, self.message.attempt, chunk, emits=True)

    def _send_unawaited(self, packed: bytes) -> None:
        """Send what Redis lacks; the engine goes on meanwhile."""
        reply = PendingReply(self.redis, self._append_call(packed, final=False))
        self._pending, self.flushed_s = _PendingChunk(reply, self.end), time.monotonic()
        if not reply.is_pending:
            self._await_pending()

    def _await_pending(self) -> None:
        """Read the reply to the pending chunk, if there is one."""
        chunk, self._pending = self._pending, None
        if chunk is None:
            return
        try:
            verdict, received = chunk.reply.read()
        except MemoryFull:
            verdict, received = self._append(chunk.reply.call, final=False)
        if verdict is AppendVerdict.GAP and received >= self.start:
            self.sent = received  # the next chunk begins there
        else:
            self._apply_verdict(verdict, received, chunk.end)

    def _encoded_words(self) -> str:
        """The times of the words in the sound that is sent, which lacks the silence that was trimmed."""
        trimmed_ms = self.edge_filter.n_trimmed * 1000 / self.rate_hz
        return encode_word_times(
            [(max(0, round(start - trimmed_ms)), max(0, round(end - trimmed_ms))) for start, end in self.words]
        )

    def _append(self, call: AppendCall, *, final: bool) -> tuple[AppendVerdict, int]:
        """Append one chunk, waiting while Redis is out of memory: readers free some as they read."""
        deadline_s = time.monotonic() + MEMORY_WAIT_S
        while True:
            try:
                return self._run_behind_pending(call, final=final)
            except MemoryFull:
                if time.monotonic() > deadline_s:
                    raise EngineFailed(f"Redis was out of memory for {MEMORY_WAIT_S:.0f} s; raise maxmemory") from None
                time.sleep(MEMORY_POLL_S)

    def _run_behind_pending(self, call: AppendCall, *, final: bool) -> tuple[AppendVerdict, int]:
        """Send a call behind the pending chunk; if that did not arrive, the reply asks for its bytes."""
        chunk, self._pending = self._pending, None
        if chunk is None:
            start_s = time.monotonic()
            reply = run(self.redis, call, replicated=final)
            self._reply_s = time.monotonic() - start_s
            return reply
        (verdict, received), reply = chunk.reply.read_with(call)
        if verdict is AppendVerdict.OK:
            self._apply_verdict(verdict, received, chunk.end)
        return reply

    def _apply_verdict(self, verdict: AppendVerdict, received: int, end: int) -> None:
        """Go on by the reply to the bytes up to `end`."""
        if verdict is AppendVerdict.OK:
            self.sent = max(end, received)
            self.differs = False  # said with the first chunk, whose reply is awaited
            self.flushed_s = time.monotonic()
            self.first_sound_s = self.first_sound_s or self.flushed_s
        elif verdict is AppendVerdict.DONE:
            self.complete, self.sent = True, received
            raise SentenceComplete(received)
        else:
            raise AttemptDropped(verdict.name)


@dataclass(frozen=True, slots=True)
class _PendingChunk:
    """A chunk that was sent."""

    reply: PendingReply[tuple[AppendVerdict, int]]
    end: int  #: offset after its last byte


class SentenceComplete(Exception):  # control flow, not an error
    """Another attempt has completed the sentence."""

    def __init__(self, n_bytes: int) -> None:
        super().__init__(n_bytes)
        self.n_bytes = n_bytes


def _pack_state(engine: bytes, edge_filter: bytes) -> bytes:
    return len(engine).to_bytes(4, "big") + engine + edge_filter


def unpack_state(packed: bytes) -> tuple[bytes, bytes]:
    """(engine state, edges state) as `_pack_state` joined them."""
    n = int.from_bytes(packed[:4], "big")
    return packed[4 : 4 + n], packed[4 + n :]
