"""Dispatch and the sweep: everybody's work, so that nobody is missed when a process dies (DESIGN §4).

`dispatch` follows an enqueue, a finish, a reader's report (through the pool's wake-up) and every sweep. `sweep`
does what time brings about, rings again for what was picked and never published, and carries out the steps that
another slot still has to make.
"""

import logging
from dataclasses import dataclass

from celery import Celery
from redis import Redis

from seriatim import job, pool
from seriatim.errors import Unavailable
from seriatim.keys import pool_prefix
from seriatim.pcm import bytes_of_ms, ms_of_bytes
from seriatim.pool import Retry
from seriatim.records import BadRecord, Doorbell, Sentence
from seriatim.scripts import Call, run, run_many
from seriatim.settings import Settings
from tasks.app import publish

log = logging.getLogger(__name__)

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
        s = self.settings
        return Retry(s.max_failures, s.backoff_ms, round(s.ended_life_s * 1000))


def pick(desk: Desk) -> Call[tuple[Doorbell, ...]]:
    """The call that asks who speaks next."""
    return pool.pick(desk.pool, PICK_MOST, desk.settings.publish_ms)


def dispatch(desk: Desk) -> int:
    """Hand out as much as slots allow; returns how many sentences that was."""
    handed = 0
    while bells := run(desk.redis, pick(desk)):
        handed += ring(desk, bells)
        if len(bells) < PICK_MOST:
            break
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
    desk.redis.zrem(f"{pool_prefix(desk.pool)}:outbox", *(pool.outbox_entry(bell) for bell in bells))
    return len(bells)


def sweep(desk: Desk) -> None:
    """Do what time brings about, once an interval, whoever comes first."""
    s = desk.settings
    swept = run(desk.redis, pool.sweep(desk.pool, s.sweep_ms, s.patience_ms, desk.retry))
    ring(desk, swept.outbox)
    for entry in swept.todo:
        carry_out(desk, entry)
    dispatch(desk)


def carry_out(desk: Desk, entry: str) -> None:
    """Make the step in the job's slot that a to-do entry asks for, then take the entry away. May be done twice."""
    verb, job_id, rest = [*entry.split("|", 2), "", ""][:3]
    if verb == "fill":
        _fill(desk, job_id, rest, entry)
        return
    call: Call[bool]
    if verb == "life":
        call = job.life(job_id, accepted=True)
    elif verb == "close":
        n, _, reason = rest.partition("|")
        call = job.close(job_id, int(n), reason)
    elif verb == "end":
        state, _, reason = rest.partition("|")
        call = job.end(job_id, state, reason)
    else:
        raise BadRecord(f"a to-do entry {verb!r}; is a newer version at work on pool {desk.pool!r}?")
    run(desk.redis, call)
    desk.redis.zrem(f"{pool_prefix(desk.pool)}:todo", entry)


def _fill(desk: Desk, job_id: str, rest: str, entry: str) -> None:
    seq, silence_ms, reason = rest.split("|", 2)
    prefix = pool_prefix(desk.pool)
    raw = desk.redis.hget(f"{prefix}:jt:{job_id}", seq)
    said = Sentence.from_json(raw.partition(b"|")[2]).text if isinstance(raw, bytes) else ""
    rate_hz = int(desk.redis.hget(f"{prefix}:m", "rate_hz") or 0)
    n_bytes = bytes_of_ms(float(silence_ms), rate_hz) if rate_hz else 0
    _, length = run(desk.redis, job.fill(job_id, int(seq), n_bytes, reason, said, rate_hz))
    actual_ms = ms_of_bytes(length, rate_hz) if rate_hz else 0.0
    run(desk.redis, pool.fill_done(desk.pool, job_id, int(seq), entry, actual_ms, desk.retry.ended_life_ms))


def settle(desk: Desk, calls: list[Call[bool]], entries: list[str]) -> None:
    """Make steps in a job's slot and take their to-do entries away, in one round trip each."""
    run_many(desk.redis, calls)
    if entries:
        desk.redis.zrem(f"{pool_prefix(desk.pool)}:todo", *entries)
