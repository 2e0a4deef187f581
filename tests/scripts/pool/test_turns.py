"""Turns of a session: jobs of a client that sends a text sentence by sentence (seriatim/lua/pool/shared/turns.lua)."""

from typing import Any

from redis import Redis

from seriatim.lua.pool_records import SubmitVerdict
from seriatim.records import JobKind
from tests.scripts.pool.pool_driver import PoolDriver

TALK: dict[str, Any] = {"user": "ann", "session": "talk"}


def busy_pool(redis: Redis) -> PoolDriver:
    """A pool with all the listeners that it can serve: bob, and the first sentence of ann's turn."""
    pool = PoolDriver(redis, slots=1, rtf=0.4, reserve=0.0)
    pool.accept("book", *[1_000] * 30, user="bob")
    pool.accept("first", 3_000, **TALK)
    assert pool.submit("stranger", 1_000, user="cid").verdict is SubmitVerdict.BUSY
    return pool


def test_a_turn_goes_on_where_newcomers_are_refused(redis: Redis) -> None:
    pool = busy_pool(redis)
    assert pool.submit("other", 1_000, user="ann").verdict is SubmitVerdict.BUSY, "without a session"
    assert pool.submit("theirs", 1_000, user="cid", session="talk").verdict is SubmitVerdict.BUSY, "another user's"
    pool.accept("second", 3_000, **TALK)
    pool.accept("third", 3_000, **TALK)


def test_one_listener_has_one_share(redis: Redis) -> None:
    """Whether the sentences overlap, or each comes when the last one is spoken."""
    pool = busy_pool(redis)
    pool.accept("second", 3_000, **TALK)
    assert abs(pool.m("demand") - 0.8) < 1e-9
    while pool.job("second", "state") == "run":
        pool.speaks(pool.pick_one(), 3_000)
    assert (abs(pool.m("demand") - 0.4) < 1e-9, abs(pool.m("held") - 0.4) < 1e-9) == (True, True), "held, not twice"
    pool.accept("third", 3_000, **TALK)
    assert (abs(pool.m("demand") - 0.8) < 1e-9, pool.m("held")) == (True, 0.0)
    while pool.job("third", "state") == "run":
        pool.speaks(pool.pick_one(), 3_000)
    pool.cancel("third")
    assert pool.m("held") == 0.0


def test_a_sentence_is_due_behind_the_sound_before_it(redis: Redis) -> None:
    pool = busy_pool(redis)
    begins = int(pool.job("first", "t0"))
    pool.accept("second", 4_000, **TALK)
    pool.accept("third", 1_000, **TALK)
    assert int(pool.job("second", "t0")) == begins + 3_000
    assert int(pool.job("third", "t0")) == begins + 3_000 + 4_000
    pool.ack("third", 1_000)
    assert int(pool.job("third", "t0")) == begins + 7_000, "fetched early, and played in its turn"
    pool.passes(9_000)
    pool.accept("fourth", 1_000, **TALK)
    pool.ack("fourth", 1_000)
    assert int(pool.job("fourth", "t0")) == pool.now, "late: it is played when it comes"


def test_a_turn_is_over_some_seconds_after_its_sound(redis: Redis) -> None:
    pool = busy_pool(redis)
    while pool.job("first", "state") == "run":
        pool.speaks(pool.pick_one(), 3_000)
    pool.now = int(pool.job("first", "t0")) + 3_000 + 5_000
    pool.accept("late", 1_000, **TALK)
    pool.cancel("late", "barge-in")
    pool.now += 5_001
    pool.accept("filler", 1_000, user="dan")
    assert pool.submit("next turn", 1_000, **TALK).verdict is SubmitVerdict.BUSY


def test_a_cancelled_answer_does_not_delay_the_next(redis: Redis) -> None:
    """After a barge-in the next sentence is admitted, and due as soon as any first one."""
    pool = busy_pool(redis)
    pool.cancel("first", "barge-in")
    pool.accept("second", 3_000, **TALK)
    assert int(pool.job("second", "t0")) == pool.now + 500
    assert abs(pool.m("demand") - 0.8) < 1e-9


def test_batch_has_no_turns(redis: Redis) -> None:
    pool = busy_pool(redis)
    pool.accept("chapter", 1_000, kind=JobKind.BATCH, **TALK)
    pool.accept("second", 1_000, **TALK)
    assert pool.job("chapter", "turn") == "" != pool.job("second", "turn")


def test_a_turn_outlives_its_workers(redis: Redis) -> None:
    """Its sentence waits for others, as those of a running job do."""
    pool = busy_pool(redis)
    pool.leave("w1", died=True)
    assert pool.submit("stranger", 1_000, user="cid").verdict is SubmitVerdict.NO_WORKERS
    pool.accept("second", 1_000, **TALK)
