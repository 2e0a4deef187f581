"""Typed calls of the pool's scripts (lua/pool): which sentence is next. One function per script; none does I/O.

Each takes the server's own clock; simulations give theirs with `ScriptCall.at`.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from seriatim.engine import ServerLimits
from seriatim.errors import BusyScope
from seriatim.keys import pool_prefix
from seriatim.lua.pool_records import (
    ClaimResult,
    ClaimVerdict,
    ExtendVerdict,
    FinishedSentence,
    FinishVerdict,
    NextSentence,
    ReaderTerms,
    RegisterResult,
    RetryPolicy,
    Submission,
    SubmitResult,
    SubmitVerdict,
    SweepResult,
    WorkerRegistration,
)
from seriatim.lua.script_calls import Argument, ScriptCall, integer, load, text
from seriatim.pool_metrics import PoolMetrics
from seriatim.pool_metrics import decode as decode_signals
from seriatim.records import RATES, BadRecord, JobKind, Play, TaskMessage
from seriatim.user_limits import LIMITS, UserLimits


def _call(pool: str, name: str, *args: Argument, decode: Any) -> ScriptCall[Any]:
    return ScriptCall(load("pool", name), pool_prefix(pool), ("", *args), decode, clock=0)


def sentence_argument(estimate_ms: int, sentence_json: str) -> str:
    """A sentence as submit and extend take it."""
    return f"{estimate_ms}|{sentence_json}"


def submit(pool: str, s: Submission, sentences: Sequence[str]) -> ScriptCall[SubmitResult]:
    """Refuse or accept a job. `sentences` as `sentence_argument` makes them."""
    return _call(pool, "submit", json.dumps(_submission_options(s)), *sentences, decode=_submitted)


def submit_and_pick(
    pool: str, s: Submission, sentences: Sequence[str], most: int, message_timeout_ms: int
) -> ScriptCall[tuple[SubmitResult, tuple[TaskMessage, ...]]]:
    """`submit` and, if it accepts the job, `pick` in one step. Everything picked must be published."""
    options = _submission_options(s) | {"most": most, "lease": message_timeout_ms}
    return _call(
        pool, "submit_and_pick", json.dumps(options), *sentences,
        decode=lambda r: (_submitted(r[0]), _picked(r[1])),
    )  # fmt: skip


def _submission_options(s: Submission) -> dict[str, Any]:
    options = {
        "job": s.job, "user": s.user, "class": "L" if s.kind is JobKind.LIVE else "B", "spec": s.spec,
        "closed": int(s.closed), "key": s.idempotency_key, "said": s.spec_digest, "cut": s.cut,
        "priority": s.priority, "weight": s.weight,
        "speed": s.speed, "gap": s.gap, "drain": s.drain, "window": s.window_ms, "target": s.target_ms,
        "timeout": s.timeout_ms, "life": s.life_ms, "grace": s.grace_ms, "producer": s.producer_ms,
        "queue_limit": s.queue_limit_ms, "ended_life": s.ended_life_ms, "memory_share": s.memory_share,
    }  # fmt: skip
    options |= {"play": s.play} if s.play is not Play.STREAM else {}
    options |= {"session": s.session} if s.session else {}
    return options | s.limits.to_script()


def _submitted(reply: list[Any]) -> SubmitResult:
    return SubmitResult(SubmitVerdict(reply[0]), integer(reply[1]), *(text(field) for field in reply[2:]))


def extend(
    pool: str, job: str, first: int, sentences: Sequence[str], *,
    close: bool = False, producer_ms: int = 0, ended_life_ms: int = 600_000,
) -> ScriptCall[tuple[ExtendVerdict, int]]:  # fmt: skip
    """More sentences of an open job from sequence number `first`; returns the verdict and how many are known."""
    return _call(
        pool, "extend", job, first, int(close), producer_ms, ended_life_ms, *sentences,
        decode=lambda r: (ExtendVerdict(r[0]), integer(r[1])),
    )  # fmt: skip


def pick(pool: str, most: int, message_timeout_ms: int) -> ScriptCall[tuple[TaskMessage, ...]]:
    """The sentences that should be spoken now. They must be published; the outbox remembers until they are."""
    return _call(pool, "pick", most, message_timeout_ms, decode=_picked)


def _picked(reply: list[bytes]) -> tuple[TaskMessage, ...]:
    rows = zip(reply[0::3], reply[1::3], reply[2::3], strict=True)
    return tuple(TaskMessage(job.decode(), int(seq), int(attempt)) for job, seq, attempt in rows)


def outbox_entry(message: TaskMessage) -> str:
    """How a picked sentence stands in the outbox."""
    return f"{message.job}|{message.seq}|{message.attempt}"


def claim(
    pool: str, message: TaskMessage, owner: str, lease_ms: int, idle_ms: int | None = None
) -> ScriptCall[ClaimResult]:
    """Take a sentence that a message named, for a slot whose last sentence ended `idle_ms` ago (None: it had none)."""
    idle: Argument = "" if idle_ms is None else idle_ms
    return _call(pool, "claim", message.job, message.seq, message.attempt, owner, lease_ms, idle, decode=_claimed)


def _claimed(r: list[Any]) -> ClaimResult:
    verdict = ClaimVerdict(r[0])
    if verdict is not ClaimVerdict.CLAIMED:
        return ClaimResult(verdict)
    lead_ms, estimate_ms, failures, expected_ms, waited_ms, silence_ms = (integer(field) for field in r[4:10])
    return ClaimResult(
        verdict, text(r[1]), text(r[2]), text(r[3]), lead_ms, estimate_ms, failures, expected_ms, waited_ms, silence_ms,
        text(r[10]), bool(r[11]),
    )  # fmt: skip


def finish(
    pool: str, message: TaskMessage, finished: FinishedSentence, ended_life_ms: int = 600_000
) -> ScriptCall[FinishVerdict]:
    """Finish a sentence: its audio is whole in the job's slot."""
    return _call(pool, "finish", *_finish_arguments(message, finished, ended_life_ms), decode=FinishVerdict)


def _finish_arguments(message: TaskMessage, finished: FinishedSentence, ended_life_ms: int) -> tuple[Argument, ...]:
    first: Argument = "" if finished.first_ms is None else finished.first_ms
    silence: Argument = "" if finished.silence_ms is None else finished.silence_ms
    token = (message.job, message.seq, message.attempt, finished.epoch)
    return (*token, finished.wall_ms, finished.audio_ms, ended_life_ms, first, silence, finished.ahead_ms)


def finish_and_claim(
    pool: str, message: TaskMessage, finished: FinishedSentence, ended_life_ms: int,
    owner: str, lease_ms: int, most: int, message_timeout_ms: int, slot: str = "", standby_ms: int = 0, own: int = 1,
) -> ScriptCall[NextSentence]:  # fmt: skip
    """Finish a sentence and take the next one for the same slot of `owner`: `finish`, `pick` and `claim` in one step.

    Everything picked and not claimed must be published; the outbox remembers until it is. With `own` 2 the process may
    get one ahead of its engine. If there is no next one, and the slot has a name, it is put on standby.
    """

    def decode(r: list[Any]) -> NextSentence:
        verdict, picked = FinishVerdict(r[0]), _picked(r[1])
        picked, ahead = (picked[:-1], picked[-1]) if r[4] else (picked, None)
        claimed = _claimed(r[2]) if r[2] else None
        if claimed is None or claimed.verdict is not ClaimVerdict.CLAIMED:
            return NextSentence(verdict, picked=picked, standby=bool(r[3]), ahead=ahead)
        return NextSentence(verdict, picked[0], claimed, picked[1:], ahead=ahead)

    arguments = _finish_arguments(message, finished, ended_life_ms)
    return _call(
        pool, "finish_and_claim", *arguments, owner, lease_ms, most, message_timeout_ms, slot, standby_ms, own,
        decode=decode,
    )  # fmt: skip


def fail(
    pool: str,
    message: TaskMessage,
    epoch: str,
    reason: str,
    retry: RetryPolicy,
    *,
    blame: bool = True,
) -> ScriptCall[FinishVerdict]:
    """An attempt came to nothing; without `blame` it does not count towards giving the sentence up."""
    return _call(
        pool, "fail", message.job, message.seq, message.attempt, epoch, reason, int(blame),
        retry.max_failures,
        retry.backoff_ms, retry.ended_life_ms, decode=FinishVerdict,
    )  # fmt: skip


def postpone(
    pool: str, message: TaskMessage, epoch: str, retry_after_ms: int, scope: BusyScope
) -> ScriptCall[FinishVerdict]:
    """Postpone the sentence of an attempt whose engine is busy; nothing is blamed.

    `retry_after_ms` has the caller's jitter.
    """
    return _call(
        pool, "postpone", message.job, message.seq, message.attempt, epoch, retry_after_ms, scope, decode=FinishVerdict
    )


def handover(pool: str, message: TaskMessage, owner: str, epoch: str, silent_ms: float) -> ScriptCall[bool]:
    """Have another process speak `owner`'s live sentence, which gave no sound for `silent_ms`; False if none will."""
    arguments = (message.job, message.seq, message.attempt, owner, epoch, round(silent_ms))
    return _call(pool, "handover", *arguments, decode=bool)


def report_limits(pool: str, limits: ServerLimits) -> ScriptCall[bool]:
    """Pass on the limits that an engine's server reported; they only lower what the pool may speak at once."""

    def argument(value: float | None, factor: int = 1) -> Argument:
        return "" if value is None else max(0, round(value * factor))

    return _call(
        pool, "report_limits", argument(limits.concurrent), argument(limits.max_concurrent),
        argument(limits.remaining), argument(limits.reset_s, 1000), decode=bool,
    )  # fmt: skip


def limit_pool(pool: str, allowed: int | None) -> ScriptCall[tuple[int | None, int]]:
    """Set how many sentences a pool speaks at once, None for no limit.

    Returns what is set, and the slots that the pool may use now.
    """
    return _call(
        pool, "limit_pool", "" if allowed is None else allowed,
        decode=lambda r: (int(r[0]) if r[0] else None, integer(r[1])),
    )  # fmt: skip


def limit_rates(pool: str, changes: Mapping[str, int | None]) -> ScriptCall[dict[str, int]]:
    """Set the `requests` or `characters` that a pool sends in a minute, None for any number; returns what is set."""
    pairs: list[Argument] = []
    for name, most in changes.items():
        pairs += [name, "" if most is None else most]
    return _call(
        pool, "limit_rates", *pairs,
        decode=lambda r: {name: int(most) for name, most in zip(RATES, r, strict=True) if most},
    )  # fmt: skip


def fill_done(
    pool: str, job: str, seq: int, entry: str, silence_ms: float, ended_life_ms: int = 600_000,
    epoch: str = "",
) -> ScriptCall[bool]:  # fmt: skip
    """A given-up sentence was closed as a gap in the job's slot, in `epoch` ("": whichever is now).

    `silence_ms` is all the sentence's sound, heard or silent. False if it changed nothing.
    """
    return _call(pool, "fill_done", job, seq, entry, silence_ms, ended_life_ms, epoch, decode=bool)


def ack(pool: str, job: str, delivered_ms: float, heard_ms: float = -1) -> ScriptCall[ReaderTerms]:
    """A reader lives, has `delivered_ms` and has heard `heard_ms` (-1: unknown)."""
    return _call(pool, "ack", job, delivered_ms, heard_ms, decode=lambda r: ReaderTerms(integer(r[0]), integer(r[1])))


def memory_wait(pool: str, memory_share: float) -> ScriptCall[int]:
    """How long until there will be memory for a new job, in ms."""
    return _call(pool, "memory_wait", memory_share, decode=integer)


def cancel(pool: str, job: str, state: str, reason: str, ended_life_ms: int = 600_000) -> ScriptCall[str]:
    """End a job; returns the to-do entry for the job's slot, '' if the pool's part was over."""
    return _call(
        pool, "cancel", job, state, reason, ended_life_ms,
        decode=lambda r: text(r[1]) if r[0] else "",
    )  # fmt: skip


def tune(
    pool: str,
    job: str,
    *,
    priority: int | None = None,
    weight: float | None = None,
) -> ScriptCall[bool]:
    """Change a running job's priority or its user's weight; False if it is over."""
    rank: Argument = "" if priority is None else priority
    share: Argument = "" if weight is None else weight
    return _call(pool, "tune", job, rank, share, decode=bool)


def tune_user(pool: str, user: str, changes: Mapping[str, float | None]) -> ScriptCall[UserLimits]:
    """Set what a user gets of a pool, by the names of `UserLimits`'s fields; None takes a setting back.

    It counts at once for running jobs, and for those to come; without a change it only asks. Returns all that is set.
    """
    pairs: list[Argument] = []
    for name, value in changes.items():
        limit = LIMITS[name]
        pairs += [limit.script_name, "" if value is None else f"{value * limit.factor:.17g}"]

    def decode(reply: list[bytes]) -> UserLimits:
        pairs = zip(reply[::2], reply[1::2], strict=True)
        return UserLimits.from_script({text(name): float(value) for name, value in pairs})

    return _call(pool, "tune_user", user, *pairs, decode=decode)


def signals(pool: str) -> ScriptCall[PoolMetrics]:
    """What an autoscaler wants to know of a pool."""
    return ScriptCall(load("pool", "signals"), pool_prefix(pool), ("",), lambda r: decode_signals(pool, *r))


def register(pool: str, owner: str, life_ms: int, facts: WorkerRegistration) -> ScriptCall[RegisterResult]:
    """Offer a process's slots; refused if the pool's rate is another one."""
    values = {name: getattr(facts, name) for name in WorkerRegistration.__slots__}
    return _call(
        pool, "register", owner, life_ms, json.dumps(values),
        decode=lambda r: RegisterResult(fingerprint=text(r[1])) if r[0] else RegisterResult(integer(r[1])),
    )  # fmt: skip


def beat(
    pool: str, owner: str, life_ms: int, slots: int, lease_ms: int, running: Sequence[TaskMessage] = ()
) -> ScriptCall[tuple[bool, frozenset[TaskMessage]]]:  # fmt: skip
    """Renew a process and all that it speaks. Returns whether it is known, and what of `running` it has lost."""
    rows = [x for message in running for x in (message.job, message.seq, message.attempt)]

    def decode(r: list[Any]) -> tuple[bool, frozenset[TaskMessage]]:
        return bool(r[0]), frozenset(TaskMessage.parse(text(entry)) for entry in r[1:])

    return _call(pool, "beat", owner, life_ms, slots, lease_ms, *rows, decode=decode)


def leave(pool: str, owner: str, retry: RetryPolicy, *, died: bool) -> ScriptCall[int]:
    """A process is gone; returns how many sentences it left to others."""
    return _call(
        pool, "leave", owner, int(died), retry.max_failures,
        retry.backoff_ms, retry.ended_life_ms,
        decode=integer,
    )  # fmt: skip


def scale(pool: str, change: str, processes: int, lease_ms: int) -> ScriptCall[bool]:
    """A supervisor adds `processes`, or drains them (below 0); 0 keeps the lease of a change. False: another has it."""
    return _call(pool, "scale", change, processes, lease_ms, decode=bool)


def mark(pool: str, message: TaskMessage, word: str) -> ScriptCall[bool]:
    """An engine had doubts about an attempt and did what `word` says; True if that is new."""
    return _call(pool, "mark", message.job, message.seq, message.attempt, word, decode=bool)


def fenced(pool: str, message: TaskMessage) -> ScriptCall[bool]:
    """An attempt was refused, because its sentence had gone to another; True if that is new."""
    return _call(pool, "fenced", message.attempt, decode=bool)


def sweep(pool: str, interval_ms: int, pending_step_grace_ms: int, retry: RetryPolicy) -> ScriptCall[SweepResult]:
    """Do what has become due; at most once an interval, whichever process calls."""

    def decode(r: list[Any]) -> SweepResult:
        return SweepResult(bool(r[0]), _bells(r[1]), tuple(text(e) for e in r[2]), integer(r[3]))

    return _call(
        pool, "sweep", interval_ms, pending_step_grace_ms, retry.max_failures,
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


def strike(pool: str, epoch: str, entries: Sequence[str]) -> ScriptCall[int]:
    """Take to-do entries away that were carried out in `epoch`; none if the server was restarted since."""
    return _call(pool, "strike", epoch, *entries, decode=integer)


def put_back(pool: str, entry: str) -> ScriptCall[bool]:
    """Have a finished sentence (`entry` of `:confirm`) spoken again whose end was lost; False if it need not be."""
    return _call(pool, "put_back", entry, decode=bool)


def rebase(pool: str) -> ScriptCall[int]:
    """Notice a restarted server: 0 nothing new, 1 a fresh pool, 2 all that was in flight will be spoken again."""
    return _call(pool, "rebase", decode=integer)
