"""Typed calls of the job's own scripts (lua/job): what is heard next. One function per script; none does I/O."""

from dataclasses import dataclass
from enum import IntEnum, unique
from typing import Any

from seriatim.audio.pcm import ms_of_bytes
from seriatim.keys import StreamPosition, job_prefix, shard_prefix
from seriatim.lua.script_calls import Argument, ScriptCall, integer, load, text
from seriatim.records import DrainMode, HoldPolicy


@unique
class OpenVerdict(IntEnum):
    """What became of an open."""

    OPEN = 0
    DONE = 1
    FENCED = 2
    GONE = 3
    RATE = 4


@unique
class AppendVerdict(IntEnum):
    """What became of a chunk."""

    OK = 0
    DONE = 1
    FENCED = 2
    GONE = 3
    GAP = 4


@dataclass(frozen=True, slots=True)
class OpenResult:
    """The answer to an open."""

    verdict: OpenVerdict
    base: (
        int  #: OPEN: deliver from this byte on. DONE: the sentence's length. FENCED: the newer attempt. RATE: the rate
    )
    checksum: int | None = None  #: CRC-32 of the bytes before base, None if unknown
    state: bytes = b""  #: engine state behind base
    other: bool = False  #: the bytes before base have another fingerprint: held or marked, as of continuity none

    @property
    def is_at_start(self) -> bool:
        """Nothing of the sentence is there yet."""
        return self.verdict is OpenVerdict.OPEN and self.base == 0 and not self.state


@dataclass(frozen=True, slots=True)
class ChunkAppend:
    """One append."""

    offset: int  #: of its first byte in the sentence
    pcm: bytes
    final: bool
    checksum: int  #: CRC-32 of all the sentence's bytes up to its end
    state: bytes = b""
    differs: bool = False  #: the bytes before `offset` are not those that were heard
    words: str = ""  #: with the first bytes: times of the sentence's words, as of `seriatim.text.word_times`


@dataclass(frozen=True, slots=True)
class EmitResult:
    """What an emit did."""

    moved: int
    more: bool  #: the budget was used up; a notification passes the rest to a free reassembler
    state: str  #: run, done, cancelled, failed, timed_out; "" for an unknown job
    drain: str
    ended: bool = False  #: the job was done with this emit
    sentences: int = 0  #: that are out
    audio_ms: float = 0.0  #: of them
    reported: bool = False  #: its reader reports itself: nothing need find out where it is


@dataclass(frozen=True, slots=True)
class JobSlot:
    """What a job's own slot is made with."""

    hold: HoldPolicy = HoldPolicy.AUTO
    drain: DrainMode = DrainMode.WINDOW
    unconfirmed_ms: int = 60_000  #: its life until the pool accepts the job
    life_ms: int = 4_200_000  #: and from then on
    ended_life_ms: int = 600_000
    pool: str = ""
    memory_share: float = 0.8  #: of maxmemory, that new jobs may fill
    webhook: str = ""  #: where its end is reported: seriatim.webhooks.webhook_target.WebhookTarget as JSON


NEW_SLOT = JobSlot()


def _call(job: str, name: str, *args: Argument, decode: Any) -> ScriptCall[Any]:
    return ScriptCall(load("job", name), job_prefix(job), (job, "", *args), decode, clock=1)


def _shard_call(shard: int, name: str, *args: Argument, decode: Any) -> ScriptCall[Any]:
    return ScriptCall(load("job", name), shard_prefix(shard), ("", "", *args), decode, clock=1)


def init(job: str, n: int, slot: JobSlot = NEW_SLOT) -> ScriptCall[bool]:
    """Make a job's slot; n is -1 while the job is open. False: it is there already."""
    return _call(
        job, "init", n, slot.hold, slot.drain, slot.unconfirmed_ms, slot.life_ms, slot.ended_life_ms, slot.pool,
        slot.memory_share, slot.webhook, decode=bool,
    )  # fmt: skip


def life(job: str, *, accepted: bool) -> ScriptCall[bool]:
    """The pool accepted the job, so that its whole life begins; or refused it, so that nothing is left."""
    return _call(job, "life", int(accepted), decode=bool)


def open_sentence(
    job: str, seq: int, attempt: int, continuity: str, rate_hz: int, sentence: str, fingerprint: str = ""
) -> ScriptCall[OpenResult]:
    """Begin an attempt; it fences out all lower ones. `fingerprint`: of the worker's audio, if its engine is exact."""
    return _call(job, "open", seq, attempt, continuity, rate_hz, sentence, fingerprint, decode=decode_opened)


def decode_opened(r: list[Any]) -> OpenResult:
    """The reply of lua/job/open.lua."""
    return OpenResult(OpenVerdict(r[0]), integer(r[1]), int(r[2]) if r[2] else None, bytes(r[3]), bool(r[4]))


def append(
    job: str, seq: int, attempt: int, chunk: ChunkAppend, *, emits: bool = False
) -> ScriptCall[tuple[AppendVerdict, int]]:
    """Deliver a chunk; returns the verdict and how many bytes are received.

    With `emits` it goes to the ordered stream in the same step if its sentence is at the cursor; a reassembler is
    notified only of what is left to do.
    """
    return _call(
        job, "append", seq, attempt, chunk.offset, chunk.pcm, int(chunk.final), chunk.checksum, chunk.state,
        int(chunk.differs), int(emits), chunk.words, decode=lambda r: (AppendVerdict(r[0]), integer(r[1])),
    )  # fmt: skip


def emit(job: str, budget: int = 64, notification: str = "", again_ms: int = 2_000) -> ScriptCall[EmitResult]:
    """Move what is contiguous to the ordered stream. A pure function of state."""
    return _call(job, "emit", budget, notification, again_ms, decode=_emitted)


def _emitted(r: list[Any]) -> EmitResult:
    n_bytes, rate_hz = integer(r[6]), integer(r[7])
    audio_ms = ms_of_bytes(n_bytes, rate_hz) if rate_hz else 0.0
    return EmitResult(
        integer(r[0]), bool(r[1]), text(r[2]), text(r[3]), bool(r[4]), integer(r[5]), audio_ms, bool(r[8])
    )


def fill(
    job: str, seq: int, n_bytes: int, reason: str, sentence: str = "", rate_hz: int = 0
) -> ScriptCall[tuple[bool, int]]:
    """Close a given-up sentence as a gap; returns whether it changed anything and how many bytes the sentence has."""
    rate: Argument = rate_hz or ""
    return _call(
        job, "fill", seq, n_bytes, reason, sentence, rate, decode=lambda r: (bool(r[0]), integer(r[1]))
    )  # fmt: skip


def close(job: str, n: int, reason: str = "") -> ScriptCall[bool]:
    """Fix the number of sentences of an open job."""
    return _call(job, "close", n, reason, decode=bool)


def end(job: str, state: str, reason: str) -> ScriptCall[bool]:
    """Cancel or fail; False if the job had ended."""
    return _call(job, "end", state, reason, decode=bool)


def mark_heard(job: str, position: StreamPosition, *, itself: bool = True) -> ScriptCall[int]:
    """Note that a reader has all up to a position; the stream keeps the sentence before it, for its reconnection.

    `itself`: the reader says so, and its traces in the stream need not be followed meanwhile.
    """
    return _call(job, "heard", position.sentence, position.offset, int(itself), decode=integer)


def recorded(job: str, entry: str, n_bytes: int, *, end: bool) -> ScriptCall[int]:
    """The recorder stored everything up to an entry; returns the bytes stored in all, -1 if the job is unknown."""
    return _call(job, "recorded", entry, n_bytes, int(end), decode=integer)


def join(shard: int) -> ScriptCall[bool]:
    """Make the consumer group of a shard's notifications; False: it is there already."""
    return _shard_call(shard, "join", decode=bool)


def due(shard: int, most: int = 64, again_ms: int = 1_000, memory_share: float = 0.8) -> ScriptCall[list[str]]:
    """Live jobs of a shard that were not looked at for a while; the audio of ended ones that was heard goes."""
    return _shard_call(shard, "due", most, again_ms, memory_share, decode=lambda r: [text(job) for job in r])
