"""Slot time: what a sentence takes of its slot, beside its engine the message, the claim and the report."""

import pytest
from redis import Redis

from seriatim.lua import pool_scripts
from seriatim.lua.pool_records import FinishedSentence, FinishVerdict, NextSentence, SubmitVerdict
from seriatim.lua.script_calls import run
from seriatim.records import JobKind, TaskMessage
from tests.scripts.pool.pool_driver import LEASE_MS, POOL, PoolDriver

WALL_MS, TRIP_MS = 200, 150  #: of each sentence of a second: in the engine, and beside it


def speak(stage: PoolDriver, message: TaskMessage, idle_ms: int | None = None) -> None:
    """A sentence of a second, which takes its slot for 350 ms from its pick on."""
    stage.now += 100
    stage.claim(message, idle_ms=idle_ms)
    stage.now += 250
    assert stage.finish(message, 1_000, wall_ms=WALL_MS) is FinishVerdict.OK


def test_demand_counts_the_time_from_the_pick_to_the_report(redis: Redis) -> None:
    stage = PoolDriver(redis, rtf=0.2)
    stage.accept("talk", *[1_000] * 60)
    for seq in range(60):
        stage.ack("talk", 1_000 * seq)
        speak(stage, stage.pick_one())
    guess, measured = 5 * (29 / 30) ** 60, sum((29 / 30) ** n for n in range(60))
    assert stage.m("rtf") == pytest.approx((guess * 0.2 + measured * 0.35) / (guess + measured))


def test_a_listener_gets_the_share_that_it_needs_now(redis: Redis) -> None:
    """The pool is slower than its first worker believed: that counts for those who listen already, at their speed."""
    stage = PoolDriver(redis, slots=4, rtf=0.2)
    stage.accept("talk", *[1_000] * 9, speed=2.0)
    assert stage.m("demand") == 0.4
    for seq in range(9):
        assert float(stage.job("talk", "rate")) == pytest.approx(stage.m("demand"))
        assert stage.m("demand") == pytest.approx(2 * stage.m("rtf"), rel=0.05)
        stage.ack("talk", 1_000 * seq)
        speak(stage, stage.pick_one())
    assert stage.m("rtf") > 0.27
    assert stage.m("demand") == 0, "its share went with it"


def test_the_share_of_a_turn_is_that_of_its_latest_job(redis: Redis) -> None:
    """A job whose share went to the next one of its session gets none again."""
    stage = PoolDriver(redis, slots=4, rtf=0.2)
    stage.accept("first", 1_000, 1_000, session="s")
    stage.accept("second", *[1_000] * 9, session="s")
    speak(stage, stage.pick_one())
    assert (float(stage.job("first", "rate")), stage.m("demand")) == (0, 0.2)


def test_listeners_are_refused_by_slot_time(redis: Redis) -> None:
    """By the engine's time alone there would be room for four at a fifth of a slot each."""
    stage = PoolDriver(redis, rtf=0.2)
    for n in range(120):
        stage.accept(f"one{n}", 1_000)
        speak(stage, stage.pick_one())
    stage.passes(2_000)
    for name in ("ann", "bob"):
        stage.accept(f"talk of {name}", *[1_000] * 9, user=name)
    assert stage.submit("a third", *[1_000] * 9, user="cid").verdict is SubmitVerdict.BUSY


def test_a_sentence_that_waited_in_the_queue_takes_its_slot_from_the_end_of_the_one_before(redis: Redis) -> None:
    """What is picked for the slack waits while its slot speaks: that time is counted once."""
    stage = PoolDriver(redis)
    stage.accept("talk", 1_000, 1_000)
    first, second = stage.pick()
    stage.now += 10
    stage.claim(first)
    stage.now += 200
    stage.finish(first, 1_000, wall_ms=WALL_MS)
    cost = stage.m("cost")
    assert cost == 210
    stage.now += 5  # the slot ended 15 ms ago: it was reported 10 ms later
    stage.claim(second, idle_ms=15)
    stage.now += 205
    stage.finish(second, 1_000, wall_ms=WALL_MS)
    assert stage.m("cost") == pytest.approx(cost + (220 - cost) / 30)


def test_a_slot_that_was_idle_before_the_pick_counts_from_the_pick(redis: Redis) -> None:
    """No work waited: an idle pool is not a slow one."""
    stage = PoolDriver(redis)
    stage.passes(60_000)
    stage.accept("talk", 1_000)
    speak(stage, stage.pick_one(), idle_ms=60_000)
    assert stage.m("cost") == WALL_MS + TRIP_MS


def test_a_sentence_that_a_cap_held_back_counts_from_its_pick(redis: Redis) -> None:
    """It could have been dispatched long before, and another slot was idle: that is no slot time."""
    stage = PoolDriver(redis, slots=2)
    cap = pool_scripts.tune_user(POOL, "ann", {"in_flight": 1})
    stage.do(cap.at(stage.now))
    stage.accept("talk", 1_000, 1_000)
    first = stage.pick_one()
    stage.now += 100
    stage.claim(first)
    stage.now += 900
    stage.finish(first, 1_000, wall_ms=850)
    cost = stage.m("cost")
    assert cost == 1_000
    speak(stage, stage.pick_one(), idle_ms=5_000)
    assert stage.m("cost") == pytest.approx(cost + (WALL_MS + TRIP_MS - cost) / 30)


def test_an_outage_is_no_slot_time(redis: Redis) -> None:
    """A message that waited for its broker for half a minute says nothing of the next one: a second counts."""
    stage = PoolDriver(redis)
    stage.accept("talk", 1_000)
    message = stage.pick_one()
    stage.now += 8_000
    stage.claim(message)
    stage.now += WALL_MS
    stage.finish(message, 1_000, wall_ms=WALL_MS)
    assert stage.m("cost") == WALL_MS + 1_000


def test_a_sentence_that_is_spoken_again_counts_its_last_attempt(redis: Redis) -> None:
    stage = PoolDriver(redis)
    stage.accept("talk", 1_000)
    first = stage.pick_one()
    stage.claim(first)
    stage.now += 700
    stage.fail(first)
    stage.now += 200
    speak(stage, stage.pick_one())
    assert stage.m("cost") == WALL_MS + TRIP_MS


def test_what_was_found_whole_measures_nothing(redis: Redis) -> None:
    stage = PoolDriver(redis, rtf=0.25)
    stage.accept("talk", 1_000)
    message = stage.pick_one()
    stage.now += 300
    stage.claim(message)
    stage.now += 300
    stage.finish(message, 1_000, wall_ms=0)
    assert (stage.m("rtf"), stage.m("cost")) == (0.25, 0)


def test_a_hot_slot_counts_from_the_report_before(redis: Redis) -> None:
    """The report of a sentence takes the next one: its trip, and that of `open`, belong to the next."""
    stage = PoolDriver(redis)
    stage.accept("talk", *[1_000] * 3)
    (message,) = stage.pick(1)
    stage.claim(message)
    stage.now += WALL_MS
    for _ in range(2):
        finished = FinishedSentence(stage.epochs[message], WALL_MS, 1_000)
        call = pool_scripts.finish_and_claim(POOL, message, finished, 600_000, "w1", LEASE_MS, 1, 4_000)
        following: NextSentence = run(redis, call.at(stage.now))
        assert following.message is not None
        assert following.claimed is not None
        message = following.message
        stage.epochs[message] = following.claimed.epoch
        stage.now += WALL_MS + 80
    assert stage.m("cost") == pytest.approx(WALL_MS + 80 / 30)


def test_shares_are_charged_by_slot_time(redis: Redis) -> None:
    """Many short sentences take more of a slot than one of the same length."""
    stage = PoolDriver(redis)
    stage.accept("book", 1_000, 1_000, kind=JobKind.BATCH)
    speak(stage, stage.pick_one())
    assert stage.tag("ann", "B") == WALL_MS + TRIP_MS


def test_a_record_of_an_older_version_counts_from_its_claim(redis: Redis) -> None:
    """Such a one was written by a worker that was not upgraded yet."""
    stage = PoolDriver(redis)
    stage.accept("talk", 1_000)
    message = stage.pick_one()
    stage.now += 100
    stage.claim(message)
    record = stage.record(message)
    record[6] = record[6].partition("/")[0]
    redis.hset(f"seriatim:1:{{p:{POOL}}}:js:talk", "0", ",".join(record))
    stage.now += 250
    stage.finish(message, 1_000, wall_ms=WALL_MS)
    assert stage.m("cost") == 250
