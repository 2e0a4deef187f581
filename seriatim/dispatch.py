"""Dispatch and the sweep: everybody's work, so that nobody is missed when a process dies.

`dispatch` follows an enqueue, a finish, a reader's report (through the pool's wake-up) and every sweep. `sweep`
does what time brings about, rings again for what was picked and never published, and carries out the steps that
another slot still has to make.
"""

import logging
from dataclasses import dataclass
from typing import TypeVar

from celery import Celery
from redis import Redis

from seriatim.audio.pcm import bytes_of_ms, ms_of_bytes
from seriatim.celery_app import publish
from seriatim.errors import MemoryFull, Unavailable
from seriatim.keys import pool_prefix
from seriatim.lua import job_scripts, pool_scripts
from seriatim.lua.pool_records import RetryPolicy
from seriatim.lua.script_calls import ScriptCall, run, translate_redis_errors
from seriatim.records import BadRecord, Sentence, TaskMessage
from seriatim.settings import Settings
from seriatim.state.pool_record import read_epoch, read_pool

log = logging.getLogger(__name__)

T = TypeVar("T")

PICK_MOST = 32  #: sentences in one pick: bounds the time that one script keeps the server


@dataclass(frozen=True, slots=True)
class PoolClient:
    """What every process that hands out or takes work of a pool holds."""

    redis: "Redis"
    app: Celery
    pool: str
    settings: Settings

    @property
    def retry(self) -> RetryPolicy:
        """How failures are treated here."""
        return RetryPolicy.of(self.settings)


def pick_call(pool_client: PoolClient) -> ScriptCall[tuple[TaskMessage, ...]]:
    """The call that asks who speaks next."""
    return pool_scripts.pick(pool_client.pool, PICK_MOST, pool_client.settings.message_timeout_ms)


def dispatch(pool_client: PoolClient) -> int:
    """Hand out as much as slots allow; returns how many sentences that was."""
    handed = 0
    try:
        while messages := run(pool_client.redis, pick_call(pool_client)):
            handed += publish_picked(pool_client, messages)
            if len(messages) < PICK_MOST:
                break
    except MemoryFull as error:  # whoever was accepted or finished a moment ago has not failed: the sweep asks again
        log.warning("nothing is handed out", extra={"pool": pool_client.pool, "error": str(error)})
    return handed


def publish_picked(pool_client: PoolClient, messages: tuple[TaskMessage, ...]) -> int:
    """Publish what was picked. A broker that is away is no loss: the outbox keeps it, and the sweep rings again."""
    if not messages:
        return 0
    try:
        publish(pool_client.app, pool_client.pool, messages)
    except Unavailable as error:
        log.warning(
            "sentences wait for the broker", extra={"pool": pool_client.pool, "n": len(messages), "error": str(error)}
        )
        return 0
    with translate_redis_errors():
        pool_client.redis.zrem(
            f"{pool_prefix(pool_client.pool)}:outbox", *(pool_scripts.outbox_entry(message) for message in messages)
        )
    return len(messages)


def sweep(pool_client: PoolClient) -> None:
    """Do what time brings about, once an interval, and dispatch; whoever comes first does it for all."""
    s = pool_client.settings
    swept = run(
        pool_client.redis, pool_scripts.sweep(pool_client.pool, s.sweep_ms, s.pending_step_grace_ms, pool_client.retry)
    )
    if not swept.ran:
        return
    publish_picked(pool_client, swept.outbox)
    for entry in swept.todo:
        try:
            run_pending_step(pool_client, entry)
        except (BadRecord, ValueError) as error:  # a newer version's, or a damaged one: the others must not wait for it
            facts = {"pool": pool_client.pool, "todo": entry, "error": str(error)}
            log.error("a step that cannot be made", extra=facts)  # noqa: TRY400  # one line
    dispatch(pool_client)


def run_pending_step(pool_client: PoolClient, entry: str) -> None:
    """Make the step in the job's slot that a to-do entry asks for, then take the entry away. May be done twice.

    Raises:
        BadRecord, ValueError: the entry is none of this version's.
    """
    verb, job_id, rest = [*entry.split("|", 2), "", ""][:3]
    if verb == "fill":
        _fill_gap(pool_client, job_id, rest, entry)
    elif verb == "life":
        complete_pending_step(pool_client, job_scripts.life(job_id, accepted=True), entry)
    elif verb == "close":
        n, _, reason = rest.partition("|")
        complete_pending_step(pool_client, job_scripts.close(job_id, int(n), reason), entry)
    elif verb == "end":
        state, _, reason = rest.partition("|")
        if complete_pending_step(pool_client, job_scripts.end(job_id, state, reason), entry):
            log.info("a job ended", extra={"job": job_id, "state": state, "why": reason})
    else:
        raise BadRecord(f"a to-do entry {verb!r}; is a newer version at work on pool {pool_client.pool!r}?")


def complete_pending_step(pool_client: PoolClient, step: ScriptCall[bool], entry: str) -> bool:
    """Make a step in a job's slot and take its to-do entry away; returns what the step changed."""
    changed, epoch = run_with_epoch(pool_client.redis, pool_client.pool, step)
    run(pool_client.redis, pool_scripts.strike(pool_client.pool, epoch, [entry]))
    return changed


def run_with_epoch(redis: "Redis", pool_name: str, step: ScriptCall[T]) -> tuple[T, str]:
    """Make a step, and say in which epoch at the latest: asked before, so that a restart in between shows.

    Raises:
        Unavailable: Redis does not answer.
    """
    epoch = read_epoch(redis, pool_name)
    return run(redis, step), epoch


def _fill_gap(pool_client: PoolClient, job_id: str, rest: str, entry: str) -> None:
    seq, silence_ms, reason = rest.split("|", 2)
    rate_hz = read_pool(pool_client.redis, pool_client.pool).rate_hz
    with translate_redis_errors():
        raw = pool_client.redis.hget(f"{pool_prefix(pool_client.pool)}:jt:{job_id}", seq)
    said = Sentence.from_json(raw.partition(b"|")[2]).text if isinstance(raw, bytes) else ""
    n_bytes = bytes_of_ms(float(silence_ms), rate_hz) if rate_hz else 0
    step = job_scripts.fill(job_id, int(seq), n_bytes, reason, said, rate_hz)
    (changed, length), epoch = run_with_epoch(pool_client.redis, pool_client.pool, step)
    if changed:
        log.warning("a job has a gap", extra={"pool": pool_client.pool, "job": job_id, "seq": int(seq), "why": reason})
    actual_ms = ms_of_bytes(length, rate_hz) if rate_hz else 0.0
    ended_life_ms = pool_client.retry.ended_life_ms
    run(
        pool_client.redis,
        pool_scripts.fill_done(pool_client.pool, job_id, int(seq), entry, actual_ms, ended_life_ms, epoch),
    )
