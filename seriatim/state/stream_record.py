"""The record of a job in its own slot, beside its ordered stream: its state, its cursor, what is stored of it.

`seriatim/lua/job/open.lua` lists the fields of the hash; those of single sentences are for its scripts alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from redis import Redis

from seriatim.keys import SHARDS, StreamPosition, job_prefix, shard_prefix
from seriatim.lua.script_calls import translate_redis_errors

if TYPE_CHECKING:
    from redis.asyncio import Redis as AsyncRedis

NUMBERS = ("n", "cur", "off", "at", "rate", "gaps", "stored")
FIELDS = ("state", "reason", "pool", "drain", "stored_id", "followed", *NUMBERS)
FORGOTTEN_MS = 60_000  #: life of a note on a job that ended meanwhile


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """One job, as its own slot has it."""

    state: str  #: run, done, cancelled, failed, timed_out
    reason: str
    pool: str
    drain: str
    stored: StreamPosition | None  #: up to where it is in the file store
    followed: str  #: the position of its furthest plain reader, as it was noted
    sentences: int  #: -1 while more text may come
    emitted: int  #: sentences that are whole in the ordered stream
    offset: int  #: bytes emitted of the next one
    at: int  #: bytes of the job before that one
    rate_hz: int  #: 0 while nothing was spoken
    gaps: int  #: sentences that were given up
    stored_bytes: int  #: of the job, in the file store

    @property
    def cursor(self) -> StreamPosition:
        """The end of what was emitted."""
        return StreamPosition(self.emitted + 1, self.offset)

    @property
    def n_bytes(self) -> int:
        """Bytes of the job that were emitted."""
        return self.at + self.offset

    @classmethod
    def decode(cls, row: Sequence[bytes | None]) -> "StreamRecord | None":
        """Read the values of FIELDS; None if the job is unknown."""
        h = dict(zip(FIELDS, row, strict=True))
        if h["state"] is None:
            return None
        state, reason, pool, drain, stored_id, followed = ((h[name] or b"").decode() for name in FIELDS[:6])
        stored = StreamPosition.parse(stored_id) if stored_id else None
        return cls(state, reason, pool, drain, stored, followed, *(int(h[name] or 0) for name in NUMBERS))


def read_stream_record(redis: "Redis", job: str) -> StreamRecord | None:
    """Read a job; None if it was never accepted, or its life is over.

    Raises:
        Unavailable: Redis does not answer.
    """
    with translate_redis_errors():
        return StreamRecord.decode(redis.hmget(_key(job), FIELDS))  # type: ignore[arg-type]  # replies are bytes


async def read_stream_record_async(redis: "AsyncRedis", job: str) -> StreamRecord | None:
    """Read a job, as `read_stream_record` does.

    Raises:
        Unavailable: Redis does not answer.
    """
    with translate_redis_errors():
        return StreamRecord.decode(await redis.hmget(_key(job), FIELDS))  # type: ignore[arg-type]  # replies are bytes


def known_jobs(redis: "Redis", jobs: Iterable[str]) -> set[str]:
    """Those of `jobs` that Redis still knows.

    Raises:
        Unavailable: Redis does not answer.
    """
    job_ids = list(jobs)
    pipe = redis.pipeline(transaction=False)
    for job in job_ids:
        pipe.hexists(_key(job), "state")
    with translate_redis_errors():
        return {job for job, there in zip(job_ids, pipe.execute(), strict=True) if there}


def shards_with_audio(redis: "Redis") -> list[int]:
    """The shards with live jobs, or with ended ones whose audio is still held: in the others no job is ever due.

    Raises:
        Unavailable: Redis does not answer.
    """
    pipe = redis.pipeline(transaction=False)
    for shard in range(SHARDS):
        pipe.exists(f"{shard_prefix(shard)}:live", f"{shard_prefix(shard)}:over")
    with translate_redis_errors():
        return [shard for shard, n_keys in enumerate(pipe.execute()) if n_keys]


def note_plain_reader(redis: "Redis", job: str, position: StreamPosition) -> None:
    """Note how far the furthest plain reader is. The note has a life: the job's may be over just now.

    Raises:
        Unavailable: Redis does not answer.
    """
    pipe = redis.pipeline()
    pipe.hset(_key(job), "followed", str(position))
    pipe.pexpire(_key(job), FORGOTTEN_MS, nx=True)
    with translate_redis_errors():
        pipe.execute()


def _key(job: str) -> str:
    return f"{job_prefix(job)}:c:{job}"
