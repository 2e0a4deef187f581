"""Dispatch and the sweep: everybody's work, so that nobody is missed when a process dies (docs/architecture.md).

`dispatch` follows an enqueue, a finish, a reader's report (through the pool's wake-up) and every sweep. `sweep`
does what time brings about, rings again for what was picked and never published, and carries out the steps that
another slot still has to make.
"""

import logging
from dataclasses import dataclass
from typing import TypeVar

from celery import Celery
from redis import Redis

from seriatim import job, pool
from seriatim.errors import MemoryFull, Unavailable
from seriatim.keys import pool_prefix
from seriatim.pcm import bytes_of_ms, ms_of_bytes
from seriatim.pool import Retry
from seriatim.records import BadRecord, Doorbell, Sentence
from seriatim.scripts import Call, answered, run
from seriatim.settings import Settings
from tasks.app import publish

log = logging.getLogger(__name__)

T = TypeVar("T")

PICK_MOST = 32  #: sentences in one pick: bounds the time that one script keeps the server


@dataclass(frozen=True, slots=True)
class Desk:
    """What every process that hands out or takes work of a pool holds."""

    redis: "Redis"
    app: Celery
    pool: str
    settings: Settings

    @property
    def retry(self) -> Retry:
        """How failures are treated here."""
        return Retry.of(self.settings)


def pick(desk: Desk) -> Call[tuple[Doorbell, ...]]:
    """The call that asks who speaks next."""
    return pool.pick(desk.pool, PICK_MOST, desk.settings.publish_ms)


def dispatch(desk: Desk) -> int:
    """Hand out as much as slots allow; returns how many sentences that was."""
    handed = 0
    try:
        while bells := run(desk.redis, pick(desk)):
            handed += ring(desk, bells)
            if len(bells) < PICK_MOST:
                break
    except MemoryFull as error:  # whoever was accepted or finished a moment ago has not failed: the sweep asks again
        log.warning("nothing is handed out", extra={"pool": desk.pool, "error": str(error)})
    return handed


def ring(desk: Desk, bells: tuple[Doorbell, ...]) -> int:
    """Publish what was picked. A broker that is away is no loss: the outbox keeps it, and the sweep rings again."""
    if not bells:
        return 0
    try:
        publish(desk.app, desk.pool, bells)
    except Unavailable as error:
        log.warning("sentences wait for the broker", extra={"pool": desk.pool, "n": len(bells), "error": str(error)})
        return 0
    with answered():
        desk.redis.zrem(f"{pool_prefix(desk.pool)}:outbox", *(pool.outbox_entry(bell) for bell in bells))
    return len(bells)


def sweep(desk: Desk) -> None:
    """Do what time brings about, once an interval, and dispatch; whoever comes first does it for all."""
    s = desk.settings
    swept = run(desk.redis, pool.sweep(desk.pool, s.sweep_ms, s.patience_ms, desk.retry))
    if not swept.ran:
        return
    ring(desk, swept.outbox)
    for entry in swept.todo:
        try:
            carry_out(desk, entry)
        except (BadRecord, ValueError) as error:  # a newer version's, or a damaged one: the others must not wait for it
            log.error("a step that cannot be made", extra={"pool": desk.pool, "todo": entry, "error": str(error)})  # noqa: TRY400  # one line
    dispatch(desk)


def carry_out(desk: Desk, entry: str) -> None:
    """Make the step in the job's slot that a to-do entry asks for, then take the entry away. May be done twice.

    Raises:
        BadRecord, ValueError: the entry is none of this version's.
    """
    verb, job_id, rest = [*entry.split("|", 2), "", ""][:3]
    if verb == "fill":
        _fill(desk, job_id, rest, entry)
    elif verb == "life":
        settle(desk, job.life(job_id, accepted=True), entry)
    elif verb == "close":
        n, _, reason = rest.partition("|")
        settle(desk, job.close(job_id, int(n), reason), entry)
    elif verb == "end":
        state, _, reason = rest.partition("|")
        if settle(desk, job.end(job_id, state, reason), entry):
            log.info("a job ended", extra={"job": job_id, "state": state, "why": reason})
    else:
        raise BadRecord(f"a to-do entry {verb!r}; is a newer version at work on pool {desk.pool!r}?")


def settle(desk: Desk, step: Call[bool], entry: str) -> bool:
    """Make a step in a job's slot and take its to-do entry away; returns what the step changed."""
    changed, epoch = in_epoch(desk.redis, desk.pool, step)
    run(desk.redis, pool.strike(desk.pool, epoch, [entry]))
    return changed


def in_epoch(redis: "Redis", pool_name: str, step: Call[T]) -> tuple[T, str]:
    """Make a step, and say in which epoch at the latest: asked before, so that a restart in between shows.

    Raises:
        Unavailable: Redis does not answer.
    """
    with answered():
        epoch = redis.hget(f"{pool_prefix(pool_name)}:m", "epoch")
    return run(redis, step), epoch.decode() if isinstance(epoch, bytes) else "0"


def _fill(desk: Desk, job_id: str, rest: str, entry: str) -> None:
    seq, silence_ms, reason = rest.split("|", 2)
    prefix = pool_prefix(desk.pool)
    with answered():
        raw = desk.redis.hget(f"{prefix}:jt:{job_id}", seq)
        rate_hz = int(desk.redis.hget(f"{prefix}:m", "rate_hz") or 0)
    said = Sentence.from_json(raw.partition(b"|")[2]).text if isinstance(raw, bytes) else ""
    n_bytes = bytes_of_ms(float(silence_ms), rate_hz) if rate_hz else 0
    step = job.fill(job_id, int(seq), n_bytes, reason, said, rate_hz)
    (changed, length), epoch = in_epoch(desk.redis, desk.pool, step)
    if changed:
        log.warning("a job has a gap", extra={"pool": desk.pool, "job": job_id, "seq": int(seq), "why": reason})
    actual_ms = ms_of_bytes(length, rate_hz) if rate_hz else 0.0
    ended_life_ms = desk.retry.ended_life_ms
    run(desk.redis, pool.fill_done(desk.pool, job_id, int(seq), entry, actual_ms, ended_life_ms, epoch))
