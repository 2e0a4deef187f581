"""Emit on every notification; look at every live job now and then, so that a lost one costs a second at most.

`emit_notified` is a pure function of what is in Redis and moves the audio inside Redis; this process only says when.
Any number of reassemblers may run: a notification goes to one of them, and a second emit of the same job changes
nothing.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from redis import Redis

from seriatim.errors import CommandRefused
from seriatim.keys import GROUP, JOB_ID, SHARDS, notifications, shard_of
from seriatim.lua import job_scripts
from seriatim.lua.job_scripts import EmitResult
from seriatim.lua.script_calls import run_many, translate_redis_errors

log = logging.getLogger(__name__)

READ = 64  #: notifications of one read
AGAIN_MS = 1_000  #: a live job is looked at so often, whatever happens
ABANDONED_MS = 2_000  #: a notification that a dead reassembler took is taken over after so long

Follow = Callable[[str, EmitResult], None]  #: told what was done for a job


@dataclass(frozen=True, slots=True)
class CursorNotification:
    """A wake-up: something arrived at a job's cursor."""

    stream: str
    id: str
    job: str


def create_consumer_groups(redis: "Redis") -> None:
    """Make sure that every shard has the consumer group; the first to come creates it."""
    run_many(redis, [job_scripts.join(shard) for shard in range(SHARDS)])


def wait_for_notifications(reader: "Redis", name: str, block_ms: int) -> list[CursorNotification]:
    """New notifications for the reassembler `name`, waiting for the first up to `block_ms`."""
    streams: dict[Any, Any] = {notifications(shard): ">" for shard in range(SHARDS)}
    try:
        with translate_redis_errors():
            reply = reader.xreadgroup(GROUP, name, streams, count=READ, block=block_ms)
    except CommandRefused as error:
        if error.code != "NOGROUP":  # the server lost its data, or a stream's life was over
            raise
        create_consumer_groups(reader)
        return []
    return [n for stream, rows in cast("list[Any]", reply) for n in _of(stream.decode(), rows)]


def abandoned_notifications(redis: "Redis", name: str) -> list[CursorNotification]:
    """Notifications that a reassembler took and did not answer: it died."""
    found: list[CursorNotification] = []
    for shard in range(SHARDS):
        stream = notifications(shard)
        try:
            with translate_redis_errors():
                reply = redis.xautoclaim(stream, GROUP, name, ABANDONED_MS, count=READ)
        except CommandRefused as error:
            if error.code != "NOGROUP":
                raise
            create_consumer_groups(redis)
            return []
        found += _of(stream, reply[1])
    return found


def emit_notified(redis: "Redis", woken: list[CursorNotification], follow: Follow) -> None:
    """Emit for each notification and acknowledge it, in one round trip."""
    ours = [n for n in woken if n.job and notifications(shard_of(n.job)) == n.stream]
    _throw_away(redis, [n for n in woken if n not in ours])
    if not ours:
        return
    calls = [job_scripts.emit(n.job, notification=n.id, again_ms=AGAIN_MS) for n in ours]
    for n, emitted in zip(ours, run_many(redis, calls), strict=True):
        _log_ended(n.job, emitted)
        follow(n.job, emitted)


def _throw_away(redis: "Redis", strays: list[CursorNotification]) -> None:
    """Take out what none of our scripts wrote: no job's, or one of another shard. Nobody else would ever answer it."""
    for n in strays:
        log.warning("a notification was thrown away", extra={"stream": n.stream, "id": n.id})
        redis.xack(n.stream, GROUP, n.id)
        redis.xdel(n.stream, n.id)


def emit_sweep(redis: "Redis", follow: Follow, memory_share: float) -> None:
    """Emit for every live job that nobody has looked at for a while."""
    looks = [job_scripts.due(shard, again_ms=AGAIN_MS, memory_share=memory_share) for shard in range(SHARDS)]
    due = run_many(redis, looks)
    jobs = [job_id for found in due for job_id in found]
    if not jobs:
        return
    for job_id, emitted in zip(
        jobs, run_many(redis, [job_scripts.emit(j, again_ms=AGAIN_MS) for j in jobs]), strict=True
    ):
        _log_ended(job_id, emitted)
        follow(job_id, emitted)


def _log_ended(job_id: str, emitted: EmitResult) -> None:
    """One line for each job that is done; those that were cancelled or failed have theirs where that was decided."""
    if emitted.ended:
        facts = {"state": emitted.state, "sentences": emitted.sentences, "audio_ms": round(emitted.audio_ms)}
        log.info("a job ended", extra={"job": job_id, **facts})


def _of(stream: str, rows: list[Any]) -> list[CursorNotification]:
    """Those of a read, with an empty job where none is named."""
    return [CursorNotification(stream, n.decode(), _job_of(fields)) for n, fields in rows if fields]


def _job_of(fields: dict[bytes, bytes]) -> str:
    job_id = fields.get(b"j", b"").decode(errors="replace")
    return job_id if JOB_ID.fullmatch(job_id) else ""
