"""Files: jobs that are played once they are whole. No sentence of theirs has a deadline of its own."""

from typing import Any

import pytest
from redis import Redis

from seriatim.records import JobKind, Play
from tests.scripts.pool.pool_driver import P, PoolDriver
from tests.scripts.pool.test_signals import metrics_of

WHOLE: dict[str, Any] = {"play": Play.WHOLE}


def order(stage: PoolDriver, n: int) -> str:
    """The jobs whose sentences are spoken next, by one slot."""
    jobs = []
    for _ in range(n):
        message = stage.pick_one()
        jobs.append(message.job)
        stage.speaks(message, 1_000)
    return "".join(jobs)


@pytest.mark.parametrize(("options", "expected"), [({}, "ababab"), (WHOLE, "aaabbb")])
def test_one_file_ends_after_the_other(redis: Redis, options: dict[str, Any], expected: str) -> None:
    """Who waits for a file has nothing from half of it; who listens has."""
    stage = PoolDriver(redis, slots=1, rtf=0.1)
    for job in "ab":
        stage.accept(job, *[1_000] * 3, **options)
        stage.now += 10
    assert order(stage, 6) == expected


def test_a_short_file_does_not_wait_for_a_long_one(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=1, rtf=0.1)
    stage.accept("a", *[1_000] * 8, **WHOLE)
    assert order(stage, 2) == "aa"
    stage.accept("b", 1_000, 1_000, **WHOLE)
    assert order(stage, 4) == "bbaa"


def test_who_listens_goes_before_a_file(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=1, rtf=0.1)
    stage.accept("a", *[1_000] * 8, **WHOLE)
    stage.accept("b", *[1_000] * 3)
    assert order(stage, 5) == "bbbaa"


def test_a_file_is_not_played_while_it_is_taken(redis: Redis) -> None:
    """Reports open its window; they do not begin a playback, and what is spoken late is late for no listener."""
    stage = PoolDriver(redis, slots=1, rtf=0.1)
    stage.accept("a", *[1_000] * 4, target_ms=500, **WHOLE)
    t0 = stage.job("a", "t0")
    stage.speaks(stage.pick_one(), 1_000)
    stage.now += 300
    stage.ack("a", 1_000)
    stage.ack("a", 1_000, heard_ms=0)
    assert (stage.job("a", "t0"), stage.job("a", "acked")) == (t0, "1000")
    assert stage.claim(stage.pick_one()).lead_ms == 500 + 3_000 - 300
    assert not [name for name in metrics_of(stage).counts if name.startswith("slack:")]


def test_a_files_share_is_free_as_soon_as_it_is_spoken(redis: Redis) -> None:
    """A listener's is kept until its end is heard."""
    stage = PoolDriver(redis, slots=1, rtf=0.1)
    stage.accept("a", *[1_000] * 4, **WHOLE)
    assert order(stage, 4) == "aaaa"
    assert (stage.job("a", "state"), stage.m("held"), stage.m("demand")) == ("spoken", 0, 0)


def test_batch_does_not_make_way_for_the_first_sentence_of_a_file(redis: Redis) -> None:
    for options, made_way in (({}, 1), (WHOLE, 0)):
        redis.flushall()
        stage = PoolDriver(redis, slots=1, rtf=1.0)
        stage.accept("warm", 2_000, kind=JobKind.BATCH)
        stage.speaks(stage.pick_one(), 2_000)
        stage.accept("book", 4_000, user="bob", kind=JobKind.BATCH)
        stage.takes("w1", stage.pick_one())
        stage.now += 100
        stage.accept("a", *[1_000] * 8, **options)
        stage.pick()
        assert int(redis.hget(f"{P}:n", "made_way") or 0) == made_way
