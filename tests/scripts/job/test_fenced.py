"""Fenced attempts, refused because their sentence had gone to another, are counted once each."""

from redis import Redis

from seriatim.lua.pool_records import FinishVerdict
from seriatim.lua.pool_scripts import fenced
from tests.scripts.pool.pool_driver import LEASE_MS, POOL, P, PoolDriver


def test_a_zombies_attempt_counts_once_however_often_it_is_reported(redis: Redis) -> None:
    stage = PoolDriver(redis)
    stage.accept("j", 1_000)
    old = stage.pick_one()
    stage.claim(old)
    stage.passes(LEASE_MS + 1)
    stage.sweep()
    assert stage.finish(old, 1_000) is FinishVerdict.STALE
    assert stage.do(fenced(POOL, old))
    assert not stage.do(fenced(POOL, old)), "its job's slot refused it, too"
    assert redis.hget(f"{P}:m", "fenced") == b"1"
    assert redis.hget(f"{P}:m", "retries") == b"1"
    assert 0 < redis.pttl(f"{P}:fenced:{old.attempt}") <= 600_000
