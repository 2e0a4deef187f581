"""The window and the deadlines follow what really happens, not what was estimated."""

import pytest
from redis import Redis

from seriatim.lua.pool_records import RetryPolicy
from seriatim.lua.pool_scripts import fill_done
from seriatim.records import JobKind
from tests.scripts.pool.pool_driver import PoolDriver


@pytest.mark.parametrize("share", [0.5, 0.9, 1.0, 1.5])
def test_wrong_estimates_never_close_a_window_for_ever(redis: Redis, share: float) -> None:
    """A job of 60 sentences in a window of four: a reader that takes all it gets gets all."""
    stage = PoolDriver(redis)
    stage.accept("book", *[1_000] * 60, window_ms=4_000)
    delivered = 0.0
    for _ in range(60):
        (message,) = stage.pick(1)
        stage.speaks(message, 1_000 * share)
        delivered += 1_000 * share
        stage.ack("book", delivered)
    assert stage.job("book", "state") == "spoken"


def test_a_reader_that_takes_nothing_stops_its_own_job_only(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=4)
    stage.accept("slow", *[1_000] * 9, window_ms=3_000)
    for message in stage.pick():
        stage.speaks(message, 1_000)
    assert stage.pick() == [], "three seconds wait for the reader"
    stage.accept("other", 1_000, user="bob")
    assert [message.job for message in stage.pick()] == ["other"]
    assert stage.ack("slow", 1_000)
    assert [message.job for message in stage.pick()] == ["slow"]


def test_a_gap_takes_no_room_in_the_window(redis: Redis) -> None:
    """A sentence that was given up was estimated; in the stream there is nothing of it."""
    stage = PoolDriver(redis)
    stage.retry = RetryPolicy(max_failures=1)
    stage.accept("j", *[1_000] * 3, window_ms=1_000, gap="skip")
    message = stage.pick_one()
    stage.takes("w1", message)
    stage.fail(message)
    assert stage.pick() == [], "it counts until its place is known to be empty"
    (entry,) = [entry for entry in stage.sweep().todo if entry.startswith("fill")]
    assert stage.do(fill_done("p", "j", message.seq, entry, 0).at(stage.now))
    assert stage.pick_one().seq == 1


def test_deadlines_follow_what_was_heard_and_not_what_was_sent(redis: Redis) -> None:
    """Two listeners got the same; one has heard little of it, the other nearly all: the other is first."""
    stage = PoolDriver(redis, slots=4)
    for user in ("calm", "late"):
        stage.accept(user, *[2_000] * 4, user=user)
    messages = stage.pick(4)
    for message in messages:
        stage.speaks(message, 2_000)
    stage.now += 3_000
    stage.ack("calm", 4_000, heard_ms=0)
    stage.ack("late", 4_000, heard_ms=3_500)
    assert stage.pick_one().job == "late"


def test_without_a_report_playback_begins_with_the_first_delivery(redis: Redis) -> None:
    """And stands still when all that was delivered is played."""
    stage = PoolDriver(redis)
    stage.accept("j", *[1_000] * 9)
    stage.now += 7_000
    stage.ack("j", 1_000)
    assert int(stage.job("j", "t0")) == stage.now
    stage.now += 400
    stage.ack("j", 2_000)
    assert int(stage.job("j", "t0")) == stage.now - 400, "it plays"
    stage.now += 5_000
    stage.ack("j", 3_000)
    assert int(stage.job("j", "t0")) == stage.now - 2_000, "it stood still after two seconds of sound"


def test_a_report_that_was_overtaken_does_not_turn_playback_back(redis: Redis) -> None:
    stage = PoolDriver(redis)
    stage.accept("j", *[1_000] * 9)
    stage.ack("j", 5_000, heard_ms=4_000)
    stage.now += 100
    stage.ack("j", 2_000, heard_ms=1_000)
    assert int(stage.job("j", "t0")) == stage.now - 4_000
    assert stage.job("j", "acked") == "5000"


def test_batch_goes_in_the_order_of_submission_whether_or_not_it_is_heard(redis: Redis) -> None:
    """The first book is not put behind the second because its listener began to hear it."""
    stage = PoolDriver(redis)
    stage.accept("first", *[1_000] * 4, kind=JobKind.BATCH)
    stage.now += 10
    stage.accept("second", *[1_000] * 4, kind=JobKind.BATCH)
    stage.speaks(stage.pick_one(), 1_000)
    stage.now += 5_000
    stage.ack("first", 1_000, heard_ms=0)
    assert stage.pick_one().job == "first"
