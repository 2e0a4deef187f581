"""The chunk sender: trims and fades a sentence's audio, cuts it into chunks, appends them to Redis.

Offsets count bytes from the start of the sentence. An attempt that continues an earlier one produces all bytes again
and sends those beyond `base`, unless its engine says that it begins there (`AudioChunk.continues`). It compares the
checksum of the bytes before `base`: if an engine promised the same bytes and gave others, the stream gets a
discontinuity instead of a seam between two takes.

The engine does not wait for a Redis that is far: the answer to a chunk is read when the next one is sent (decision 88).
That to the first is awaited, because it says when the sentence was heard; the last one follows on the same way.
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
FAR_S = 0.003  #: a server that takes longer to answer the first chunk is far, or busy
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
    _is_far: bool = False  #: by the chunk whose answer was awaited last
    _on_its_way: "_SentChunk | None" = None  #: a chunk whose answer was not read yet

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
        """Until all was sent."""
        return self

    def __exit__(self, *_: object) -> None:
        """Do without the answer to a chunk that is on its way: the attempt came to nothing."""
        chunk, self._on_its_way = self._on_its_way, None
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
        """Where the next chunk begins, if the one that is on its way arrives."""
        return self._on_its_way.end if self._on_its_way else self.sent

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
        self._await_answer()
        if self.end < self.sent:
            return
        packed = _pack_state(state, self.edge_filter.state()) if state else b""
        if self._is_far:
            self._send_on_its_way(packed)
            return
        start_s = time.monotonic()
        self._send_and_wait(packed, final=False)
        self._is_far = time.monotonic() - start_s > FAR_S

    def _send_and_wait(
        self, packed: bytes, *, final: bool, wrap: Callable[[AppendCall, int], AppendCall] | None = None
    ) -> None:
        for _ in range(MAX_RESENDS):
            call = self._append_call(packed, final=final)
            verdict, received = self._append(wrap(call, self.length) if wrap else call, final=final)
            if verdict is not AppendVerdict.GAP or received < self.start:
                self._apply_verdict(verdict, received, self.end, sent_differs=self.differs)
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

    def _send_on_its_way(self, packed: bytes) -> None:
        """Send a chunk; the engine goes on meanwhile."""
        reply = PendingReply(self.redis, self._append_call(packed, final=False))
        self._on_its_way, self.flushed_s = _SentChunk(reply, self.end, self.differs), time.monotonic()
        if not reply.was_sent:
            self._await_answer()

    def _await_answer(self) -> None:
        """Read the answer to the chunk that is on its way, if there is one."""
        chunk, self._on_its_way = self._on_its_way, None
        if chunk is None:
            return
        try:
            verdict, received = chunk.reply.read()
        except MemoryFull:
            verdict, received = self._append(chunk.reply.call, final=False)
        if verdict is AppendVerdict.GAP and received >= self.start:
            self.sent = received  # the next chunk begins there
        else:
            self._apply_verdict(verdict, received, chunk.end, sent_differs=chunk.differs)

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
                return self._run(call, final=final)
            except MemoryFull:
                if time.monotonic() > deadline_s:
                    raise EngineFailed(f"Redis was out of memory for {MEMORY_WAIT_S:.0f} s; raise maxmemory") from None
                time.sleep(MEMORY_POLL_S)

    def _run(self, call: AppendCall, *, final: bool) -> tuple[AppendVerdict, int]:
        """Send a call, behind the chunk that is on its way; if that does not arrive, the answer asks for its bytes."""
        chunk, self._on_its_way = self._on_its_way, None
        if chunk is None:
            return run(self.redis, call, replicated=final)
        before, answer = chunk.reply.read_with(call)
        if before[0] is AppendVerdict.OK:
            self._apply_verdict(*before, chunk.end, sent_differs=chunk.differs)
        return answer

    def _apply_verdict(self, verdict: AppendVerdict, received: int, end: int, *, sent_differs: bool) -> None:
        """Go on by the answer to the bytes up to `end`, which were sent as those of an attempt that differs, or not."""
        if verdict is AppendVerdict.OK:
            self.sent = max(end, received)
            self.differs = self.differs and not sent_differs
            self.flushed_s = time.monotonic()
            self.first_sound_s = self.first_sound_s or self.flushed_s
        elif verdict is AppendVerdict.DONE:
            self.complete, self.sent = True, received
            raise SentenceComplete(received)
        else:
            raise AttemptDropped(verdict.name)


@dataclass(frozen=True, slots=True)
class _SentChunk:
    """A chunk that is on its way."""

    reply: PendingReply[tuple[AppendVerdict, int]]
    end: int  #: offset after its last byte
    differs: bool  #: as it was sent


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
