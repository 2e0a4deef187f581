"""The chunk sender: trims and fades a sentence's audio, cuts it into chunks, appends them to Redis.

Bytes are counted from the sentence's first. An attempt that takes over from another makes them all again and sends
what lies beyond `base`. It compares a checksum of what lies before: an engine that promised the same bytes and gave
others is found out, and the stream says so (a discontinuity) instead of gluing two takes together.
"""

import time
import zlib
from dataclasses import dataclass, field

from redis import Redis

from seriatim.audio.pcm import ms_of_bytes
from seriatim.engine import AudioChunk
from seriatim.errors import EngineFailed, MemoryFull
from seriatim.lua import job_scripts
from seriatim.lua.job_scripts import AppendVerdict, ChunkAppend, OpenResult
from seriatim.lua.script_calls import run
from seriatim.records import TaskMessage
from workers.trim_and_fade import TrimFadeFilter

PIECE_MOST_MS = 1_000  #: audio of one append at most: about 48 kB, above which streams get slower per byte
LEAD_SHARE = 4  #: a chunk may wait for a quarter of the time that the listener's buffer is ahead
FULL_S = 20.0  #: how long a chunk waits for room in Redis; shorter than a stuck engine is allowed
FULL_POLL_S = 0.2
RESENDS = 8  #: answers "send again from" in a row, after which something is broken


class AttemptDropped(Exception):  # a fact, not an error: nobody wants this attempt any more
    """The attempt was fenced out, or the job is over."""


@dataclass(slots=True)
class ChunkSender:
    """The bytes of one attempt at one sentence."""

    redis: "Redis"
    message: TaskMessage
    opened: OpenResult
    edges: TrimFadeFilter
    rate_hz: int
    lead_ms: int  #: until the listener needs the sentence
    resumed: bool = False  #: the engine goes on behind base: nothing before it is made again
    made: bytearray = field(default_factory=bytearray)  #: all bytes of this attempt, for a "send again from"
    sent: int = 0  #: end offset of what Redis has
    crc: int = 0  #: CRC-32 of all bytes made
    whole: bool = False  #: somebody else completed it
    differs: bool = False
    flushed_s: float = field(default_factory=time.monotonic)
    start: int = 0  #: offset of made[0]
    first_s: float | None = None  #: monotonic time at which the first sound was in Redis

    def __post_init__(self) -> None:
        self.sent = self.opened.base
        if self.resumed:
            self.start, self.crc = self.opened.base, self.opened.checksum or 0

    @property
    def end(self) -> int:
        """Offset behind the last byte made."""
        return self.start + len(self.made)

    def feed(self, spoken: AudioChunk) -> None:
        """Take a piece from the engine; sends when there is enough for the time there is.

        Raises:
            Dropped: nobody wants this attempt any more.
            EngineFailed: the piece is not s16le.
        """
        if len(spoken.pcm) % 2:
            raise EngineFailed(f"{len(spoken.pcm)} bytes of audio: not whole 16-bit samples")
        self._make(self.edges.feed(spoken.pcm))
        if spoken.last:
            return  # `finish` sends it
        pending_ms = ms_of_bytes(self.end - self.sent, self.rate_hz)
        pending_step_grace_ms = min(PIECE_MOST_MS, max(0, self.lead_ms) / LEAD_SHARE)
        waited_ms = (time.monotonic() - self.flushed_s) * 1000
        if pending_ms > 0 and (pending_ms >= pending_step_grace_ms or waited_ms >= pending_step_grace_ms):
            self._send(final=False, state=spoken.state)

    def finish(self) -> int:
        """Send the rest; returns the sentence's length in bytes.

        Raises:
            Dropped: nobody wants this attempt any more.
        """
        self._make(self.edges.finish())
        self._send(final=True, state=b"")
        return max(self.end, self.sent)

    def _make(self, pcm: bytes) -> None:
        if not pcm:
            return
        base, before = self.opened.base, self.end
        if before < base <= before + len(pcm):
            self._compare(zlib.crc32(pcm[: base - before], self.crc))
        self.made += pcm
        self.crc = zlib.crc32(pcm, self.crc)

    def _compare(self, crc: int) -> None:
        if self.opened.checksum is not None and crc != self.opened.checksum:
            self.differs = True

    def _send(self, *, final: bool, state: bytes) -> None:
        if self.end < self.sent and not final:
            return
        packed = _pack_state(state, self.edges.state()) if state else b""
        for _ in range(RESENDS):
            pcm = bytes(self.made[max(0, self.sent - self.start) :])
            chunk = ChunkAppend(self.sent, pcm, final, self.crc, packed, self.differs)
            verdict, received = self._append(chunk)
            if verdict is AppendVerdict.GAP and received >= self.start:
                self.sent = received
                continue
            self._settle(verdict, received)
            return
        raise EngineFailed(f"sentence {self.message.seq}: Redis keeps asking for bytes from {self.sent} on")

    def _append(self, chunk: ChunkAppend) -> tuple[AppendVerdict, int]:
        """One append; waits while Redis has no memory: readers are about to make room."""
        call = job_scripts.append(self.message.job, self.message.seq, self.message.attempt, chunk)
        deadline_s = time.monotonic() + FULL_S
        while True:
            try:
                return run(self.redis, call)
            except MemoryFull:
                if time.monotonic() > deadline_s:
                    raise EngineFailed(f"Redis was out of memory for {FULL_S:.0f} s; raise maxmemory") from None
                time.sleep(FULL_POLL_S)

    def _settle(self, verdict: AppendVerdict, received: int) -> None:
        if verdict is AppendVerdict.OK:
            self.sent = max(self.end, received)
            self.differs = False
            self.flushed_s = time.monotonic()
            self.first_s = self.first_s or self.flushed_s
        elif verdict is AppendVerdict.DONE:
            self.whole, self.sent = True, received
            raise AlreadyWhole(received)
        else:
            raise AttemptDropped(verdict.name)


class AlreadyWhole(Exception):  # a fact, not an error
    """Somebody else completed the sentence."""

    def __init__(self, n_bytes: int) -> None:
        super().__init__(n_bytes)
        self.n_bytes = n_bytes


def _pack_state(engine: bytes, edges: bytes) -> bytes:
    return len(engine).to_bytes(4, "big") + engine + edges


def unpack_state(packed: bytes) -> tuple[bytes, bytes]:
    """(engine state, edges state) as `_pack_state` joined them."""
    n = int.from_bytes(packed[:4], "big")
    return packed[4 : 4 + n], packed[4 + n :]
