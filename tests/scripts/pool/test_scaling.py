"""Scaling: one supervisor of a pool changes its number of processes at a time (lua/pool/scale.lua)."""

from typing import cast

from redis import Redis

from seriatim.lua import pool_scripts
from tests.scripts.pool.pool_driver import POOL, P, PoolDriver

LEASE_MS = 60_000  #: more than the test takes, on however busy a machine


def scale(stage: PoolDriver, change: str, processes: int, lease_ms: int = LEASE_MS) -> bool:
    return bool(stage.do(pool_scripts.scale(POOL, change, processes, lease_ms).at(stage.now)))


def counts(redis: Redis) -> dict[str, int]:
    found = cast("dict[bytes, bytes]", redis.hgetall(f"{P}:n"))
    return {name.decode(): int(n) for name, n in found.items() if name.startswith(b"processes_")}


def test_two_supervisors_with_the_same_need_do_not_jump_together(redis: Redis) -> None:
    stage = PoolDriver(redis)
    assert scale(stage, "one:1", 3)
    assert not scale(stage, "two:1", 2)
    assert not scale(stage, "one:2", -1), "nor does the same one take two steps at once"
    assert counts(redis) == {"processes_added": 3}


def test_a_call_that_is_repeated_counts_once_and_renews_the_lease(redis: Redis) -> None:
    stage = PoolDriver(redis)
    assert scale(stage, "one:1", -1)
    assert scale(stage, "one:1", -1, 2 * LEASE_MS)
    assert redis.pttl(f"{P}:scaling") > LEASE_MS
    assert counts(redis) == {"processes_drained": 1}


def test_a_change_keeps_its_own_lease_and_takes_none_that_has_expired(redis: Redis) -> None:
    stage = PoolDriver(redis)
    assert scale(stage, "one:1", 1)
    assert scale(stage, "one:1", 0, 2 * LEASE_MS)
    assert redis.pttl(f"{P}:scaling") > LEASE_MS
    redis.delete(f"{P}:scaling")
    assert not scale(stage, "one:1", 0)
    assert not redis.exists(f"{P}:scaling")
    assert scale(stage, "two:1", 1)
    assert not scale(stage, "one:1", 0), "another one has it now"
