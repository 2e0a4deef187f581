"""Emit on every notification, and sweep all live jobs: a lost notification costs a second at most.

A job to which nothing happens is looked at less and less (docs/explanation/decisions/0075).

`emit_notified` depends only on the state in Redis and moves the audio inside Redis; this process only decides when.
Any number of reassemblers may run: a notification goes to one of them, and a second emit of the same job changes
nothing.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

from redis import Redis

from seriatim.errors import CommandRefused
from seriatim.keys import GROUP, JOB_ID, SHARDS, notification_stream, shard_of
from seriatim.lua import job_scripts
from seriatim.lua.job_scripts import EmitResult
from seriatim.lua.script_calls import run_many, translate_redis_errors
from seriatim.state.stream_record import shards_with_audio

log = logging.getLogger(__name__)

MAX_READ = 64  #: notifications per read
RECHECK_MS = 1_000  #: a live job is checked at this interval, notified or not
ABANDONED_MS = 2_000  #: a notification that a dead reassembler read is reclaimed after this time

OnEmit = Callable[[str, EmitResult], None]  #: called with a job id and the result of its emit


@dataclass(frozen=True, slots=True)
class CursorNotification:
    """A wake-up: audio arrived at a job's cursor."""

    stream: str
    id: str
    job: str


def create_consumer_groups(redis: "Redis") -> None:
    """Create the consumer group of every shard where it is missing; idempotent."""
    run_many(redis, [job_scripts.join(shard) for shard in range(SHARDS)])


def wait_for_notifications(reader: "Redis", name: str, block_ms: int) -> list[CursorNotification]:
    """New notifications for the reassembler `name`, waiting for the first up to `block_ms`."""
    return read_shards(reader, name, block_ms, range(SHARDS))


def read_shards(reader: "Redis", name: str, block_ms: int, shards: Iterable[int]) -> list[CursorNotification]:
    """The same of some shards; in a cluster, of one."""
    streams: dict[Any, Any] = {notification_stream(shard): ">" for shard in shards}  # what no reassembler has read yet
    try:
        with translate_redis_errors():
            reply = reader.xreadgroup(GROUP, name, streams, count=MAX_READ, block=block_ms)
    except CommandRefused as error:
        if error.code != "NOGROUP":  # the server lost its data, or a stream expired
            raise
        create_consumer_groups(reader)
        return []
    return [n for stream, rows in cast("list[Any]", reply) for n in _parse_rows(stream.decode(), rows)]


def abandoned_notifications(redis: "Redis", name: str) -> list[CursorNotification]:
    """Notifications that a reassembler read and never acknowledged, because it died."""
    streams = [notification_stream(shard) for shard in range(SHARDS)]
    pipe = redis.pipeline(transaction=False)
    for stream in streams:
        pipe.xautoclaim(stream, GROUP, name, ABANDONED_MS, count=MAX_READ)
    try:
        with translate_redis_errors():
            replies = pipe.execute()
    except CommandRefused as error:
        if error.code != "NOGROUP":
            raise
        create_consumer_groups(redis)
        return []
    found: list[CursorNotification] = []
    for stream, reply in zip(streams, replies, strict=True):
        found += _parse_rows(stream, reply[1])
    return found


def emit_notified(redis: "Redis", notifications: list[CursorNotification], on_emit: OnEmit) -> None:
    """Emit for each notification and acknowledge it, in one round trip."""
    valid = [n for n in notifications if n.job and notification_stream(shard_of(n.job)) == n.stream]
    _discard(redis, [n for n in notifications if n not in valid])
    if not valid:
        return
    calls = [job_scripts.emit(n.job, notification=n.id, again_ms=RECHECK_MS) for n in valid]
    for n, emitted in zip(valid, run_many(redis, calls), strict=True):
        _log_ended(n.job, emitted)
        on_emit(n.job, emitted)


def _discard(redis: "Redis", foreign: list[CursorNotification]) -> None:
    """Remove entries that no script wrote: without a job, or of another shard. They would stay pending for ever."""
    for n in foreign:
        log.warning("notification discarded", extra={"stream": n.stream, "id": n.id})
        redis.xack(n.stream, GROUP, n.id)
        redis.xdel(n.stream, n.id)


def emit_sweep(redis: "Redis", on_emit: OnEmit, memory_share: float) -> None:
    """Emit for every live job that has not been checked for RECHECK_MS."""
    calls = [
        job_scripts.due(shard, again_ms=RECHECK_MS, memory_share=memory_share) for shard in shards_with_audio(redis)
    ]
    due = run_many(redis, calls) if calls else []
    jobs = [job_id for found in due for job_id in found]
    if not jobs:
        return
    for job_id, emitted in zip(
        jobs, run_many(redis, [job_scripts.emit(j, again_ms=RECHECK_MS) for j in jobs]), strict=True
    ):
        _log_ended(job_id, emitted)
        on_emit(job_id, emitted)


def _log_ended(job_id: str, emitted: EmitResult) -> None:
    """Log a job that is done; one that is cancelled or fails is logged by the process that decides so."""
    if emitted.ended:
        facts = {"state": emitted.state, "sentences": emitted.sentences, "audio_ms": round(emitted.audio_ms)}
        log.info("job ended", extra={"job": job_id, **facts})


def _parse_rows(stream: str, rows: list[Any]) -> list[CursorNotification]:
    """The notifications of a read; the job is empty where an entry names none."""
    return [CursorNotification(stream, n.decode(), _job_of(fields)) for n, fields in rows if fields]


def _job_of(fields: dict[bytes, bytes]) -> str:
    job_id = fields.get(b"j", b"").decode(errors="replace")
    return job_id if JOB_ID.fullmatch(job_id) else ""
