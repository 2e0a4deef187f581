"""Slack in the queue: a few sentences where they are short, none where they are long."""

from redis import Redis

from tests.scripts.pool.pool_driver import P, PoolDriver


def test_short_sentences_wait_in_the_queue_so_that_a_slot_has_its_next_at_once(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=4)
    stage.accept("talk", *[400] * 20, window_ms=10**6)
    stage.speaks(stage.pick_one(), 400)
    assert len(stage.pick()) == 5, "four slots, and a quarter of them in reserve"


def test_long_sentences_do_not_because_the_next_job_would_wait_for_them(redis: Redis) -> None:
    """A new listener takes the next slot that ends, not the one after it."""
    stage = PoolDriver(redis, slots=4)
    stage.accept("book", *[4_000] * 20, user="hog", window_ms=10**6)
    stage.speaks(stage.pick_one(), 4_000)
    running = stage.pick()
    assert len(running) == 4
    stage.accept("chat", 1_000, user="ann")
    assert stage.pick() == []
    stage.speaks(running[0], 4_000)
    assert [message.job for message in stage.pick()] == ["chat"]


def test_no_dispatcher_is_woken_for_a_slot_that_is_not_free(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=1)
    stage.accept("book", *[4_000] * 9, user="hog", window_ms=10**6)
    stage.speaks(stage.pick_one(), 4_000)
    stage.pick_one()
    redis.delete(f"{P}:wake")
    stage.accept("chat", 1_000, user="ann")
    stage.ack("chat", 0, 0)
    assert not redis.llen(f"{P}:wake")
