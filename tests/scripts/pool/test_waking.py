"""Waking of sleeping dispatchers: a signal when work and a free slot meet, at most once."""

from collections.abc import Callable

import pytest
from redis import Redis

from tests.scripts.pool.pool_driver import LEASE_MS, P, PoolDriver

WAKE = f"{P}:wake"


def window_is_shut(redis: Redis) -> PoolDriver:
    """One sentence was spoken, and the reader has not said that it has it."""
    stage = PoolDriver(redis, slots=2)
    stage.accept("j", *[1_000] * 3, window_ms=1_000)
    stage.speaks(stage.pick_one(), 1_000)
    assert stage.pick() == []
    redis.delete(WAKE)
    return stage


def test_a_report_that_opens_a_window_rings(redis: Redis) -> None:
    stage = window_is_shut(redis)
    stage.ack("j", 1_000)
    stage.ack("j", 1_500)
    assert redis.llen(WAKE) == 1, "a signal, not a queue"
    assert redis.pttl(WAKE) > 0


def test_a_report_that_opens_nothing_does_not_ring(redis: Redis) -> None:
    stage = window_is_shut(redis)
    stage.ack("j", 0)
    assert not redis.exists(WAKE)


def test_no_dispatcher_is_woken_for_slots_that_are_taken(redis: Redis) -> None:
    stage = window_is_shut(redis)
    stage.accept("k", *[1_000] * 9, user="bob")
    stage.pick()
    stage.ack("j", 1_000)
    assert not redis.exists(WAKE)


@pytest.mark.parametrize(
    "event",
    [
        lambda stage: stage.cancel("k"),
        lambda stage: stage.hire("w2"),
        lambda stage: stage.leave("w1", died=False),
        lambda stage: stage.sweep(),
    ],
    ids=["cancel", "register", "leave", "sweep"],
)
def test_whatever_frees_a_slot_rings(redis: Redis, event: Callable[[PoolDriver], object]) -> None:
    stage = PoolDriver(redis, slots=2)
    stage.hire("w3", 2)
    stage.accept("k", *[1_000] * 9)
    stage.takes("w1", *stage.pick(2))
    redis.delete(WAKE)
    event(stage)
    assert redis.llen(WAKE) == 1


def test_a_retry_whose_back_off_is_over_is_found_by_the_sweep(redis: Redis) -> None:
    stage = PoolDriver(redis)
    stage.accept("j", 1_000)
    message = stage.pick_one()
    stage.takes("w1", message)
    stage.fail(message)
    redis.delete(WAKE)
    stage.now += 200
    stage.sweep()
    assert redis.llen(WAKE) == 1
    assert stage.tag("ann") is not None


def test_a_sweep_is_bounded_and_the_next_one_does_the_rest(redis: Redis) -> None:
    """Forty processes died at once: no step takes long, and all of them are found."""
    stage = PoolDriver(redis, slots=0)
    for i in range(40):
        stage.hire(f"w{i}")
    stage.accept("j", *[1_000] * 40, window_ms=10_000_000)
    for i, message in enumerate(stage.pick(40)):
        stage.takes(f"w{i}", message)
    stage.now += LEASE_MS
    for _ in range(3):
        stage.sweep()
    assert stage.m("slots") == 0
    assert stage.in_flight() == 0
    assert redis.hget(f"{P}:m", "retries") == b"40"


def test_a_process_that_drains_offers_no_slots(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=2)
    stage.accept("j", *[1_000] * 9)
    messages = stage.pick(1)
    stage.takes("w1", *messages)
    assert stage.beat("w1", *messages, slots=0) == (True, frozenset())
    assert stage.pick() == []
    assert (stage.m("slots"), stage.m("slack")) == (0, 0)
