"""Keys that last as long as the pool: renewed once an hour, by a sweep or a submit."""

from collections.abc import Callable

import pytest
from redis import Redis

from tests.scripts.pool.pool_driver import P, PoolDriver
from tests.support.ttl_check import assert_every_key_expires

SOON_MS = 5_000
DAY_MS = 86_400_000


def submit(stage: PoolDriver) -> None:
    stage.accept(f"job{stage.m('jobs')}", 1_000)


@pytest.mark.parametrize("step", [PoolDriver.sweep, submit])
def test_a_pool_that_is_busy_for_weeks_keeps_its_keys(redis: Redis, step: Callable[[PoolDriver], object]) -> None:
    """The life of a key begins with its first member; a list that never becomes empty must not end a week later."""
    stage = PoolDriver(redis, slots=1)
    stage.accept("talk", *[1_000] * 5)
    stage.speaks(stage.pick_one(), 1_000)  # now it is known how far ahead a user may be: the user is eligible
    stage.pick_one()
    lasting = [f"{P}:{name}" for name in ("tag:L", "elig:L", "act", "lease", "outbox", "ends")]
    for key in lasting:
        redis.pexpire(key, SOON_MS)
    step(stage)
    assert [key for key in lasting if redis.pttl(key) > SOON_MS] == [], "not with every step"
    redis.hset(f"{P}:m", "renewed", -DAY_MS)
    step(stage)
    assert [key for key in lasting if redis.pttl(key) < DAY_MS] == []


def test_the_keys_of_a_user_whose_job_lasts_for_weeks_are_kept(redis: Redis) -> None:
    """Renewed once an hour of each of its jobs, by the next sentence that is picked."""
    stage = PoolDriver(redis, slots=1)
    stage.accept("talk", *[1_000] * 4)
    stage.speaks(stage.pick_one(), 1_000)
    keys = [f"{P}:u:ann", f"{P}:uq:L:ann"]
    for key in keys:
        redis.pexpire(key, DAY_MS)
    stage.speaks(stage.pick_one(), 1_000)
    assert [key for key in keys if redis.pttl(key) > DAY_MS] == [], "not with every sentence"
    redis.hset(f"{P}:j:talk", "renewed", -DAY_MS)
    stage.speaks(stage.pick_one(), 1_000)
    assert [key for key in keys if redis.pttl(key) <= DAY_MS] == []


def test_a_key_that_was_empty_begins_a_new_life(redis: Redis) -> None:
    """Redis removes an empty key, and its life with it."""
    stage = PoolDriver(redis, slots=1)
    stage.accept("talk", *[1_000] * 3)
    for _ in range(3):
        stage.speaks(stage.pick_one(), 1_000)
        assert_every_key_expires(redis)
