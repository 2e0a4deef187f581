"""The dispatched sentences of a pool: picked for a slot, perhaps published, and claimed by no worker."""

from typing import Any, cast

from redis import Redis

from seriatim.keys import pool_prefix
from seriatim.lua.script_calls import translate_redis_errors
from seriatim.records import TaskMessage

MAX_READ = 256  #: leases: those that expire first, which are the oldest of as many sentences in flight


def read_dispatched(redis: "Redis", pool_name: str) -> list[TaskMessage]:
    """The messages of dispatched sentences, the first to expire first.

    Raises:
        Unavailable: Redis does not answer.
    """
    prefix = pool_prefix(pool_name)
    with translate_redis_errors():
        names = cast("list[bytes]", redis.zrange(f"{prefix}:lease", 0, MAX_READ - 1))
        places = [(job, int(seq)) for job, _, seq in (name.decode().rpartition("|") for name in names)]
        with redis.pipeline(transaction=False) as pipeline:
            for job, seq in places:
                pipeline.hget(f"{prefix}:js:{job}", str(seq))
            packed = cast("list[bytes | None]", cast("Any", pipeline).execute())
    found = zip(places, (_unclaimed_attempt(record) for record in packed), strict=True)
    return [TaskMessage(job, seq, attempt) for (job, seq), attempt in found if attempt is not None]


def _unclaimed_attempt(record: bytes | None) -> int | None:
    """The attempt of a sentence's record (lua/pool/shared/records.lua), if it is dispatched and at no worker."""
    state, attempt, *_, owner = record.decode().split(",", 8) if record else ("", "", "")
    return int(attempt) if state == "D" and not owner else None
