"""Typed calls of the pool's scripts (lua/pool): who speaks next. One function per script; none does I/O.

`now_ms` is None in real life: the server's own clock counts, for everybody. Simulations pass theirs.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from seriatim.keys import pool_prefix
from seriatim.lua.script_calls import Argument, ScriptCall, integer, load, text
from seriatim.pool_metrics import PoolMetrics
from seriatim.pool_metrics import decode as decode_signals
from seriatim.records import BadRecord, DrainMode, GapPolicy, JobKind, Play, TaskMessage
from seriatim.settings import Settings


class SubmitVerdict(IntEnum):
    """What became of a job at the door."""

    ACCEPTED = 0
    DUPLICATE = 1
    BUSY = 2
    CAP_JOBS = 3
    CAP_QUEUED = 4
    MEMORY = 5
    NO_WORKERS = 6
    TOO_LARGE = 7
    CONFLICT = 8
    RECUT = 9


class ExtendVerdict(IntEnum):
    """What became of more sentences."""

    OK = 0
    GONE = 1
    CLOSED = 2
    GAP = 3
    FULL = 4
    CONFLICT = 5


class ClaimVerdict(IntEnum):
    """What became of a claim."""

    CLAIMED = 0
    STALE = 1
    GONE = 2
    WAIT = 3
    UNKNOWN = 4


class FinishVerdict(IntEnum):
    """What became of a finish or a fail."""

    OK = 0
    STALE = 1
    GONE = 2


REFUSED = 0  #: as `max_failures`: the engine refused what the caller wants; no second attempt, and no dead letter
REFUSED_JOB = -1  #: the same, and every sentence of the job would be refused


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How attempts that come to nothing are treated."""

    max_failures: int = 3  #: blamed failures of a sentence before it is given up
    backoff_ms: int = 200  #: before the second attempt; doubles with each
    ended_life_ms: int = 600_000  #: how long an ended job's state can be asked for

    @classmethod
    def of(cls, settings: Settings) -> "RetryPolicy":
        """As the settings say."""
        return cls(settings.max_failures, settings.backoff_ms, round(settings.ended_job_ttl_s * 1000))


@dataclass(frozen=True, slots=True)
class Submission:
    """Everything admission wants to know about a job, apart from its sentences."""

    job: str
    user: str
    kind: JobKind
    spec: str  #: records.Spec as JSON
    closed: bool = True
    idempotency_key: str = ""
    said: str = ""  #: digest of what of the spec is heard: another one under the same key is another text
    cut: str = ""  #: how the text was cut into sentences (seriatim/text/segment), for a repeat under the same key
    priority: int = 0  #: -9..9 within the user
    weight: float = 1.0  #: of the user
    speed: float = 1.0  #: a listener at double speed needs twice the audio
    play: Play = Play.STREAM
    gap: GapPolicy = GapPolicy.FAIL
    drain: DrainMode = DrainMode.WINDOW
    window_ms: int = 20_000
    target_ms: int = 500  #: first audio after
    timeout_ms: int = 3_600_000
    life_ms: int = 4_200_000  #: of the job's keys; beyond the timeout
    grace_ms: int = 60_000  #: without a reader
    producer_ms: int = 0  #: lease of an open job's producer
    queue_limit_ms: int = 600_000  #: audio that may wait in an open job
    ended_life_ms: int = 600_000
    memory_share: float = 0.8  #: of maxmemory; above it nothing new is accepted
    cap_jobs: int | None = None
    cap_queued_ms: int | None = None
    cap_infl: int | None = None


@dataclass(frozen=True, slots=True)
class SubmitResult:
    """The answer at the door."""

    verdict: SubmitVerdict
    retry_after_ms: int
    job: str  #: on DUPLICATE, CONFLICT and RECUT the job that is there already
    drain: str = ""  #: on DUPLICATE its drain,
    cut: str = ""  #: and, as on RECUT, how its text was cut


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """The answer to a claim; the fields below `verdict` count only if it is CLAIMED."""

    verdict: ClaimVerdict
    epoch: str = ""
    spec: str = ""
    sentence: str = ""
    lead_ms: int = 0  #: until playback reaches the sentence; negative: it is late
    estimate_ms: int = 0
    failures: int = 0
    expected_ms: int = 0  #: wall time that the pool measured such a sentence to take
    waited_ms: int = 0  #: from its pick to this claim


@dataclass(frozen=True, slots=True)
class UserLimits:
    """What an operator set for a user of a pool; None: as the requests and the settings say."""

    weight: float | None = None
    cap_jobs: int | None = None
    cap_queued_ms: int | None = None
    cap_infl: int | None = None


@dataclass(frozen=True, slots=True)
class WorkerRegistration:
    """What a worker process says of itself when it is ready."""

    slots: int
    rate_hz: int
    continuity: str
    rtf: float  #: a first guess of slot seconds per second of audio
    eta: float
    reserve: float
    voices: str  #: JSON list of {"name", "language", "description"}
    engine: str
    host: str
    pid: int
    ready_ms: int  #: from process start to ready
    limit_chars: int = 250  #: producers cut sentences to this length
    merge_chars: int = 0  #: and join shorter ones to a neighbour
    limits: str = "{}"  #: JSON: limit_chars of single languages
    abilities: str = ""  #: JSON: what its engine can be asked for; "": it does not say


@dataclass(frozen=True, slots=True)
class SweepResult:
    """What the sweep leaves to do outside the pool's slot."""

    ran: bool
    outbox: tuple[TaskMessage, ...]  #: to publish again
    todo: tuple[str, ...]  #: to carry out


def _call(pool: str, name: str, now_ms: int | None, *args: Argument, decode: Any) -> ScriptCall[Any]:
    clock: Argument = "" if now_ms is None else now_ms
    return ScriptCall(load("pool", name), pool_prefix(pool), (clock, *args), decode)


def sentence_argument(estimate_ms: int, sentence_json: str) -> str:
    """A sentence as submit and extend take it."""
    return f"{estimate_ms}|{sentence_json}"


def submit(pool: str, s: Submission, sentences: Sequence[str], now_ms: int | None = None) -> ScriptCall[SubmitResult]:
    """Refuse or accept a job. `sentences` as `sentence_argument` makes them."""
    options = {
        "job": s.job, "user": s.user, "class": "L" if s.kind is JobKind.LIVE else "B", "spec": s.spec,
        "closed": int(s.closed), "key": s.idempotency_key, "said": s.said, "cut": s.cut,
        "priority": s.priority, "weight": s.weight,
        "speed": s.speed, "gap": s.gap, "drain": s.drain, "window": s.window_ms, "target": s.target_ms,
        "timeout": s.timeout_ms, "life": s.life_ms, "grace": s.grace_ms, "producer": s.producer_ms,
        "queue_limit": s.queue_limit_ms, "ended_life": s.ended_life_ms, "memory_share": s.memory_share,
    }  # fmt: skip
    caps = {"cap_jobs": s.cap_jobs, "cap_queued": s.cap_queued_ms, "cap_infl": s.cap_infl}
    options |= {"play": s.play} if s.play is not Play.STREAM else {}
    options |= {name: cap for name, cap in caps.items() if cap is not None}
    return _call(
        pool, "submit", now_ms, json.dumps(options), *sentences,
        decode=lambda r: SubmitResult(SubmitVerdict(r[0]), integer(r[1]), *(text(field) for field in r[2:])),
    )  # fmt: skip


def extend(
    pool: str, job: str, first: int, sentences: Sequence[str], *,
    close: bool = False, producer_ms: int = 0, ended_life_ms: int = 600_000, now_ms: int | None = None,
) -> ScriptCall[tuple[ExtendVerdict, int]]:  # fmt: skip
    """More sentences of an open job from sequence number `first`; returns the verdict and how many are known."""
    return _call(
        pool, "extend", now_ms, job, first, int(close), producer_ms, ended_life_ms, *sentences,
        decode=lambda r: (ExtendVerdict(r[0]), integer(r[1])),
    )  # fmt: skip


def pick(
    pool: str, most: int, message_timeout_ms: int, now_ms: int | None = None
) -> ScriptCall[tuple[TaskMessage, ...]]:
    """The sentences that should be spoken now. They must be published; the outbox remembers until they are."""

    def decode(reply: list[bytes]) -> tuple[TaskMessage, ...]:
        rows = zip(reply[0::3], reply[1::3], reply[2::3], strict=True)
        return tuple(TaskMessage(job.decode(), int(seq), int(attempt)) for job, seq, attempt in rows)

    return _call(pool, "pick", now_ms, most, message_timeout_ms, decode=decode)


def outbox_entry(message: TaskMessage) -> str:
    """How a picked sentence stands in the outbox."""
    return f"{message.job}|{message.seq}|{message.attempt}"


def claim(
    pool: str, message: TaskMessage, owner: str, lease_ms: int, now_ms: int | None = None
) -> ScriptCall[ClaimResult]:
    """Take a sentence that a message named."""

    def decode(r: list[Any]) -> ClaimResult:
        verdict = ClaimVerdict(r[0])
        if verdict is not ClaimVerdict.CLAIMED:
            return ClaimResult(verdict)
        numbers = [integer(field) for field in r[4:9]]
        return ClaimResult(verdict, text(r[1]), text(r[2]), text(r[3]), *numbers)

    return _call(pool, "claim", now_ms, message.job, message.seq, message.attempt, owner, lease_ms, decode=decode)


def finish(
    pool: str, message: TaskMessage, epoch: str, wall_ms: float, audio_ms: float, ended_life_ms: int = 600_000,
    now_ms: int | None = None, first_ms: float | None = None,
) -> ScriptCall[FinishVerdict]:  # fmt: skip
    """A sentence is whole in the job's slot. `wall_ms` 0: this attempt found it whole and did not speak.

    `first_ms` is the time from the claim to the first sound in the job's slot, for the timeline.
    """
    first: Argument = "" if first_ms is None else first_ms
    return _call(
        pool, "finish", now_ms, message.job, message.seq, message.attempt, epoch, wall_ms, audio_ms,
        ended_life_ms, first, decode=FinishVerdict,
    )  # fmt: skip


def fail(
    pool: str,
    message: TaskMessage,
    epoch: str,
    reason: str,
    retry: RetryPolicy,
    *,
    blame: bool = True,
    now_ms: int | None = None,
) -> ScriptCall[FinishVerdict]:
    """An attempt came to nothing; without `blame` it does not count towards giving the sentence up."""
    return _call(
        pool, "fail", now_ms, message.job, message.seq, message.attempt, epoch, reason, int(blame),
        retry.max_failures,
        retry.backoff_ms, retry.ended_life_ms, decode=FinishVerdict,
    )  # fmt: skip


def fill_done(
    pool: str, job: str, seq: int, entry: str, silence_ms: float, ended_life_ms: int = 600_000,
    epoch: str = "", now_ms: int | None = None,
) -> ScriptCall[bool]:  # fmt: skip
    """A given-up sentence was closed as a gap in the job's slot, in `epoch` ("": whichever is now).

    `silence_ms` is all the sentence's sound, heard or silent. False if it changed nothing.
    """
    return _call(pool, "fill_done", now_ms, job, seq, entry, silence_ms, ended_life_ms, epoch, decode=bool)


def ack(pool: str, job: str, delivered_ms: float, heard_ms: float = -1, now_ms: int | None = None) -> ScriptCall[int]:
    """A reader lives, has `delivered_ms` and has heard `heard_ms` (-1: unknown).

    Returns for how many ms it may be gone before its job is cancelled, 0 if the pool's part is over.
    """
    return _call(pool, "ack", now_ms, job, delivered_ms, heard_ms, decode=integer)


def memory_wait(pool: str, memory_share: float, now_ms: int | None = None) -> ScriptCall[int]:
    """How long until there will be memory for a new job, in ms."""
    return _call(pool, "memory_wait", now_ms, memory_share, decode=integer)


def cancel(
    pool: str, job: str, state: str, reason: str, ended_life_ms: int = 600_000, now_ms: int | None = None
) -> ScriptCall[str]:
    """End a job; returns the to-do entry for the job's slot, '' if the pool's part was over."""
    return _call(
        pool, "cancel", now_ms, job, state, reason, ended_life_ms,
        decode=lambda r: text(r[1]) if r[0] else "",
    )  # fmt: skip


def tune(
    pool: str,
    job: str,
    *,
    priority: int | None = None,
    weight: float | None = None,
    now_ms: int | None = None,
) -> ScriptCall[bool]:
    """Change a running job's priority or its user's weight; False if it is over."""
    rank: Argument = "" if priority is None else priority
    share: Argument = "" if weight is None else weight
    return _call(pool, "tune", now_ms, job, rank, share, decode=bool)


_SHARE_FIELDS = {"weight": "weight", "cap_jobs": "cap_jobs", "cap_queued_ms": "cap_queued", "cap_infl": "cap_infl"}


def tune_user(
    pool: str, user: str, changes: Mapping[str, float | None], now_ms: int | None = None
) -> ScriptCall[UserLimits]:
    """Set what a user gets of a pool, by the names of `UserLimits`'s fields; None takes a setting back.

    It counts at once for running jobs, and for those to come; without a change it only asks. Returns all that is set.
    """
    pairs: list[Argument] = []
    for name, value in changes.items():
        pairs += [_SHARE_FIELDS[name], "" if value is None else value]

    def decode(reply: list[bytes]) -> UserLimits:
        found = {text(name): float(value) for name, value in zip(reply[::2], reply[1::2], strict=True)}
        caps = {name: int(found[key]) for name, key in _SHARE_FIELDS.items() if name != "weight" and key in found}
        return UserLimits(found.get("weight"), **caps)

    return _call(pool, "tune_user", now_ms, user, *pairs, decode=decode)


def signals(pool: str) -> ScriptCall[PoolMetrics]:
    """What an autoscaler wants to know of a pool."""
    return ScriptCall(load("pool", "signals"), pool_prefix(pool), ("",), lambda r: decode_signals(pool, *r))


def register(
    pool: str, owner: str, life_ms: int, facts: WorkerRegistration, now_ms: int | None = None
) -> ScriptCall[int]:
    """Offer a process's slots. Returns 0, or the pool's rate in Hz if it is another one."""
    values = {name: getattr(facts, name) for name in WorkerRegistration.__slots__}
    return _call(
        pool, "register", now_ms, owner, life_ms, json.dumps(values),
        decode=lambda r: 0 if r[0] else integer(r[1]),
    )  # fmt: skip


def beat(
    pool: str, owner: str, life_ms: int, slots: int, lease_ms: int, running: Sequence[TaskMessage] = (),
    now_ms: int | None = None,
) -> ScriptCall[tuple[bool, frozenset[TaskMessage]]]:  # fmt: skip
    """Renew a process and all that it speaks. Returns whether it is known, and what of `running` it has lost."""
    rows = [x for message in running for x in (message.job, message.seq, message.attempt)]

    def decode(r: list[Any]) -> tuple[bool, frozenset[TaskMessage]]:
        return bool(r[0]), frozenset(TaskMessage.parse(text(entry)) for entry in r[1:])

    return _call(pool, "beat", now_ms, owner, life_ms, slots, lease_ms, *rows, decode=decode)


def leave(pool: str, owner: str, retry: RetryPolicy, *, died: bool, now_ms: int | None = None) -> ScriptCall[int]:
    """A process is gone; returns how many sentences it left to others."""
    return _call(
        pool, "leave", now_ms, owner, int(died), retry.max_failures,
        retry.backoff_ms, retry.ended_life_ms,
        decode=integer,
    )  # fmt: skip


def mark(pool: str, message: TaskMessage, word: str, now_ms: int | None = None) -> ScriptCall[bool]:
    """An engine had doubts about an attempt and did what `word` says; True if that is new."""
    return _call(pool, "mark", now_ms, message.job, message.seq, message.attempt, word, decode=bool)


def fenced(pool: str, message: TaskMessage, now_ms: int | None = None) -> ScriptCall[bool]:
    """An attempt was refused, because its sentence had gone to another; True if that is new."""
    return _call(pool, "fenced", now_ms, message.attempt, decode=bool)


def sweep(
    pool: str, interval_ms: int, pending_step_grace_ms: int, retry: RetryPolicy, now_ms: int | None = None
) -> ScriptCall[SweepResult]:
    """What time brings about; at most once an interval, whoever calls."""

    def decode(r: list[Any]) -> SweepResult:
        return SweepResult(bool(r[0]), _bells(r[1]), tuple(text(e) for e in r[2]))

    return _call(
        pool, "sweep", now_ms, interval_ms, pending_step_grace_ms, retry.max_failures,
        retry.backoff_ms, retry.ended_life_ms,
        decode=decode,
    )  # fmt: skip


def _bells(entries: Sequence[bytes]) -> tuple[TaskMessage, ...]:
    """The attempts in the outbox; what names none is left there, and the others must not wait for it."""
    found: list[TaskMessage] = []
    for entry in entries:
        with suppress(BadRecord, UnicodeDecodeError):
            found.append(TaskMessage.parse(entry.decode()))
    return tuple(found)


def strike(pool: str, epoch: str, entries: Sequence[str], now_ms: int | None = None) -> ScriptCall[int]:
    """Take to-do entries away that were carried out in `epoch`; none if the server was restarted since."""
    return _call(pool, "strike", now_ms, epoch, *entries, decode=integer)


def rebase(pool: str, now_ms: int | None = None) -> ScriptCall[int]:
    """Notice a restarted server: 0 nothing new, 1 a fresh pool, 2 all that was in flight will be spoken again."""
    return _call(pool, "rebase", now_ms, decode=integer)
