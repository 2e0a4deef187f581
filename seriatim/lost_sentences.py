"""Lost sentences of a cluster: finished in the pool, and not whole in the job's slot, which is another master's.

A master may die before its replica has what it acknowledged; where the replica of a job's slot is promoted, a sentence
that was finished may lack its end there, and the job would wait for it for ever. So a pool in a cluster keeps what it
finished (`:confirm`) until workers have seen, some seconds later, that the job's slot still has it. What is not there
is spoken again, also of a job that was spoken to its end: fences keep what was heard from being heard twice.
"""

import logging
import random
import threading
from collections.abc import Sequence
from typing import Any, cast

from redis import Redis

from seriatim.dispatch import PoolClient
from seriatim.errors import SeriatimError
from seriatim.keys import job_prefix, pool_prefix
from seriatim.lua import pool_scripts
from seriatim.lua.script_calls import run, translate_redis_errors
from seriatim.state.pool_record import read_epoch

log = logging.getLogger(__name__)

CONFIRM_AFTER_MS = 3_000  #: far more than a replica lags; while a master is away, its slots answer nothing
CONFIRM_EACH_S = 2.0  #: at most
MAX_CONFIRMED = 512  #: at once: bounds one round trip


def confirm_loop(pool_client: PoolClient, ended: threading.Event) -> None:
    """Confirm what workers of the pool finished, every few seconds until `ended`. Several processes may do it."""
    while not ended.wait(random.uniform(0.5, 1) * CONFIRM_EACH_S):
        try:
            with translate_redis_errors():
                now = cast("bytes | None", pool_client.redis.hget(f"{pool_prefix(pool_client.pool)}:m", "now"))
            confirm_finished(pool_client, float(now or 0) - CONFIRM_AFTER_MS)
        except SeriatimError as error:
            log.warning("finished sentences not confirmed", extra={"pool": pool_client.pool, "error": str(error)})


def confirm_finished(pool_client: PoolClient, before_ms: float) -> int:
    """Confirm what was finished before a time of the server, in ms; returns how many sentences were lost.

    Raises:
        Unavailable: Redis does not answer, or a master of the cluster.
    """
    redis, pool = pool_client.redis, pool_client.pool
    with translate_redis_errors():
        raw = redis.zrangebyscore(f"{pool_prefix(pool)}:confirm", "-inf", before_ms, start=0, num=MAX_CONFIRMED)
    entries = [entry.decode() for entry in cast("list[bytes]", raw)]
    if not entries:
        return 0
    epoch = read_epoch(redis, pool)
    lost = _lost_of(redis, entries)
    run(redis, pool_scripts.strike(pool, epoch, [entry for entry in entries if entry not in lost]))
    return sum(_put_back(pool_client, entry) for entry in lost)


def _put_back(pool_client: PoolClient, entry: str) -> bool:
    job, seq, _ = entry.split("|", 2)
    put_back = run(pool_client.redis, pool_scripts.put_back(pool_client.pool, entry))
    if put_back:
        facts = {"pool": pool_client.pool, "job": job, "seq": int(seq)}
        log.warning("end of a sentence lost; speaking it again", extra=facts)
    return put_back


def _lost_of(redis: "Redis", entries: Sequence[str]) -> list[str]:
    """The entries whose sentence is at or beyond the cursor of a running job, and not whole."""
    pipe: Any = redis.pipeline(transaction=False)
    for entry in entries:
        job, seq, _ = entry.split("|", 2)
        pipe.hmget(f"{job_prefix(job)}:c:{job}", ["state", "cur", f"L{seq}"])
    with translate_redis_errors():
        found = pipe.execute()
    return [
        entry for entry, (state, cursor, length) in zip(entries, found, strict=True)
        if state == b"run" and length is None and int(cursor or 0) <= int(entry.split("|", 2)[1])
    ]  # fmt: skip
