"""Marks of attempts that engines doubted."""

from redis import Redis

from seriatim.lua.pool_scripts import mark
from tests.scripts.pool.pool_driver import POOL, P, PoolDriver


def test_a_mark_counts_once_and_lives_as_long_as_its_job(redis: Redis) -> None:
    stage = PoolDriver(redis)
    stage.accept("j", 1_000)
    message = stage.pick_one()
    assert stage.do(mark(POOL, message, "cut").at(stage.now))
    assert not stage.do(mark(POOL, message, "cut").at(stage.now)), "the same call, sent again"
    assert stage.do(mark(POOL, message, "again").at(stage.now))
    assert redis.hget(f"{P}:m", "marked_cut") == b"1"
    assert redis.hkeys(f"{P}:jm:j") == [f"0|{message.attempt}|cut".encode(), f"0|{message.attempt}|again".encode()]
    assert redis.pttl(f"{P}:jm:j") > 0


def test_the_marks_of_one_job_are_bounded(redis: Redis) -> None:
    stage = PoolDriver(redis)
    stage.accept("j", 1_000)
    message = stage.pick_one()
    for n in range(1_100):
        stage.do(mark(POOL, message, f"m{n}").at(stage.now))
    assert redis.hlen(f"{P}:jm:j") == 1_000
