"""Dispatch and the sweep: every process runs them, so that no single process is missed when it dies.

`dispatch` follows an enqueue, a finish, a reader's report (through the pool's wake-up) and every sweep. `sweep` handles
expired times, publishes again what was picked but never published, and completes steps that other processes left
pending.
"""

import logging
import time
from dataclasses import dataclass, field
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
from seriatim.process.repeated_line import RepeatedLine
from seriatim.records import BadRecord, Sentence, TaskMessage
from seriatim.settings import Settings
from seriatim.state.pool_record import read_epoch, read_pool

log = logging.getLogger(__name__)

T = TypeVar("T")

MAX_PICK = 32  #: sentences per pick: bounds the time that one script blocks the server


@dataclass(frozen=True, slots=True)
class PoolClient:
    """The connections and settings with which a process dispatches or takes work of a pool."""

    redis: "Redis"
    app: Celery
    pool: str
    settings: Settings
    outage: RepeatedLine = field(default_factory=RepeatedLine, compare=False)  #: of the broker, in the log

    @property
    def retry(self) -> RetryPolicy:
        """The retry policy of the settings."""
        return RetryPolicy.of(self.settings)


def pick_call(pool_client: PoolClient) -> ScriptCall[tuple[TaskMessage, ...]]:
    """The call that picks the next sentences."""
    return pool_scripts.pick(pool_client.pool, MAX_PICK, pool_client.settings.message_timeout_ms)


def dispatch(pool_client: PoolClient) -> int:
    """Dispatch as many sentences as there are free slots; returns their number."""
    n_dispatched = 0
    try:
        while messages := run(pool_client.redis, pick_call(pool_client)):
            n_dispatched += publish_picked(pool_client, messages)
            if len(messages) < MAX_PICK:
                break
    except MemoryFull as error:  # the caller's enqueue or finish has succeeded: the next sweep dispatches again
        log.warning("dispatch paused; Redis is out of memory", extra={"pool": pool_client.pool, "error": str(error)})
    return n_dispatched


def publish_picked(pool_client: PoolClient, messages: tuple[TaskMessage, ...]) -> int:
    """Publish picked messages. During an outage of the broker the outbox keeps them, and the sweep publishes them."""
    if not messages:
        return 0
    try:
        publish(pool_client.app, pool_client.pool, messages)
    except Unavailable as error:
        if pool_client.outage.is_due(time.monotonic()):
            facts = {"pool": pool_client.pool, "n": len(messages), "error": str(error)}
            log.warning("broker unavailable; messages kept", extra=facts)
        return 0
    pool_client.outage.forget()
    with translate_redis_errors():
        pool_client.redis.zrem(
            f"{pool_prefix(pool_client.pool)}:outbox", *(pool_scripts.outbox_entry(message) for message in messages)
        )
    return len(messages)


def sweep(pool_client: PoolClient) -> float:
    """Handle expired times, once per interval for all processes of the pool, and dispatch.

    Returns the factor on the interval after which this process asks again.
    """
    s = pool_client.settings
    swept = run(
        pool_client.redis, pool_scripts.sweep(pool_client.pool, s.sweep_ms, s.pending_step_grace_ms, pool_client.retry)
    )
    if not swept.ran:
        return swept.stretch
    publish_picked(pool_client, swept.outbox)
    for entry in swept.todo:
        try:
            run_pending_step(pool_client, entry)
        except (BadRecord, ValueError) as error:  # of a newer version, or damaged: it must not block the others
            facts = {"pool": pool_client.pool, "todo": entry, "error": str(error)}
            log.error("unknown pending step", extra=facts)  # noqa: TRY400  # one line
    dispatch(pool_client)
    return swept.stretch


def run_pending_step(pool_client: PoolClient, entry: str) -> None:
    """Run the step of a to-do entry on the job's keys, then remove the entry. Idempotent.

    Raises:
        BadRecord, ValueError: the entry is of another version.
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
            log.info("job ended", extra={"job": job_id, "state": state, "why": reason})
    else:
        raise BadRecord(f"unknown to-do entry {verb!r}; does a newer version work on pool {pool_client.pool!r}?")


def complete_pending_step(pool_client: PoolClient, step: ScriptCall[bool], entry: str) -> bool:
    """Run a step on a job's keys and remove its to-do entry; returns whether the step changed anything."""
    changed, epoch = run_with_epoch(pool_client.redis, pool_client.pool, step)
    run(pool_client.redis, pool_scripts.strike(pool_client.pool, epoch, [entry]))
    return changed


def run_with_epoch(redis: "Redis", pool_name: str, step: ScriptCall[T]) -> tuple[T, str]:
    """Run a step; returns its result and the epoch read before it, so that a restart in between is detected.

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
    text = Sentence.from_json(raw.partition(b"|")[2]).text if isinstance(raw, bytes) else ""
    n_bytes = bytes_of_ms(float(silence_ms), rate_hz) if rate_hz else 0
    step = job_scripts.fill(job_id, int(seq), n_bytes, reason, text, rate_hz)
    (changed, length), epoch = run_with_epoch(pool_client.redis, pool_client.pool, step)
    if changed:
        log.warning("gap in a job", extra={"pool": pool_client.pool, "job": job_id, "seq": int(seq), "why": reason})
    actual_ms = ms_of_bytes(length, rate_hz) if rate_hz else 0.0
    ended_life_ms = pool_client.retry.ended_life_ms
    run(
        pool_client.redis,
        pool_scripts.fill_done(pool_client.pool, job_id, int(seq), entry, actual_ms, ended_life_ms, epoch),
    )
