"""The dead-letter list is bounded, and an entry has all that it takes to speak the sentence again."""

from redis import Redis

from seriatim import dead_letters
from seriatim.keys import POOL_LIFE_S
from seriatim.records import JobSpec
from tests.scripts.job.test_dead import give_up
from tests.scripts.pool.pool_driver import POOL, P, PoolDriver

MOST = 1_000


def full(redis: Redis, stage: PoolDriver) -> None:
    """So many that one more is too many, all of this moment."""
    names = {f"old|{n}": "{}" for n in range(MOST)}
    redis.hset(f"{P}:dead", items=[part for pair in names.items() for part in pair])
    redis.zadd(f"{P}:dead:at", dict.fromkeys(names, stage.now))
    for key in (f"{P}:dead", f"{P}:dead:at"):
        redis.expire(key, POOL_LIFE_S)


def test_the_oldest_go_when_there_are_too_many(redis: Redis) -> None:
    stage = PoolDriver(redis)
    full(redis, stage)
    give_up(stage, "j")
    held = stage.held()
    assert len(held[":dead"]) == MOST
    assert held[":dead"].keys() == held[":dead:at"].keys()
    assert "j|0" in held[":dead"]


def test_what_is_older_than_a_week_goes_with_the_next(redis: Redis) -> None:
    stage = PoolDriver(redis)
    give_up(stage, "j")
    redis.zincrby(f"{P}:dead:at", -POOL_LIFE_S * 1000, "j|0")  # the pool's clock goes ten seconds a call at most
    give_up(stage, "k")
    assert [each.entry for each in dead_letters.read_dead_letters(redis, POOL)] == ["k|0"]
    assert stage.held()[":dead:at"].keys() == {"k|0"}


def test_an_entry_outlives_the_state_of_its_job(redis: Redis) -> None:
    stage = PoolDriver(redis)
    give_up(stage, "j")
    redis.delete(f"{P}:j:j")
    (found,) = dead_letters.read_dead_letters(redis, POOL)
    assert (found.user, found.spec) == ("ann", JobSpec())
