"""Displacement: a listener who waits gets the slot of another's live sentence, whose engine goes on with it later."""

import pytest
from redis import Redis

from seriatim.lua.pool_records import FinishVerdict
from seriatim.records import JobKind, TaskMessage
from tests.scripts.pool.pool_driver import P, PoolDriver

LONG_MS, RTF = 24_000, 0.25


def stage_of(redis: Redis, slots: int, continuity: str = "resumable") -> PoolDriver:
    """A pool that accepts more than it has slots, and whose sentences take two seconds of one."""
    stage = PoolDriver(redis, slots=slots, rtf=RTF)
    redis.hset(f"{P}:m", mapping={"continuity": continuity, "eta": 9, "cost": 2_000})
    return stage


def beside_a_long_sentence(
    redis: Redis, spoken_ms: int = 2_000, continuity: str = "resumable"
) -> tuple[PoolDriver, TaskMessage]:
    """A slot that has spoken a live sentence of 24 s for a while: its listener has three times that ahead."""
    stage = stage_of(redis, 1, continuity)
    stage.accept("long", LONG_MS, user="ann")
    message = stage.pick_one()
    stage.takes("w1", message)
    stage.now += spoken_ms
    return stage, message


def test_a_short_first_sentence_has_its_slot_at_once(redis: Redis) -> None:
    stage, message = beside_a_long_sentence(redis)
    stage.accept("short", 1_000, user="bob")
    assert stage.pick_one().job == "short"
    assert redis.lrange(f"{P}:drop:w1", 0, -1) == [f"long|0|{message.attempt}".encode()]
    assert stage.finish(message, LONG_MS) is FinishVerdict.STALE
    assert stage.tag("ann") == 2_000, "it pays for what was spoken"
    assert (stage.in_flight(), redis.hget(f"{P}:n", "displaced")) == (1, b"1")


def test_it_goes_on_later_once_displaced_and_not_again(redis: Redis) -> None:
    stage, _ = beside_a_long_sentence(redis)
    stage.accept("short", 1_000, user="bob")
    stage.speaks(stage.pick_one(), 1_000)
    again = stage.pick_one()
    assert again.job == "long"
    stage.takes("w1", again)
    stage.now += 3_000
    stage.accept("third", 1_000, user="cid")
    assert stage.pick(9) == []
    stage.now += 1_000
    assert stage.finish(again, LONG_MS, wall_ms=4_000) is FinishVerdict.OK


def test_all_that_it_took_is_measured(redis: Redis) -> None:
    """The engine's factor would be too low by what was spoken before: its report has the audio of both parts."""
    stage, _ = beside_a_long_sentence(redis)
    stage.accept("short", 1_000, user="bob")
    stage.speaks(stage.pick_one(), 1_000)
    again = stage.pick_one()
    stage.takes("w1", again)
    before, stage.now = stage.m("cost"), stage.now + 4_000
    stage.finish(again, LONG_MS, wall_ms=4_000)
    assert stage.m("cost") == pytest.approx(before + (6_000 - before) / 30)


def test_its_rest_is_due_when_its_listener_has_heard_what_there_is(redis: Redis) -> None:
    """And not when its beginning was: listeners with less audio ahead are served before it."""
    stage, _ = beside_a_long_sentence(redis)
    due = float(stage.job("long", "t0"))
    stage.accept("short", 1_000, user="bob")
    stage.speaks(stage.pick_one(), 1_000)
    assert redis.zscore(f"{P}:uq:L:ann", "long") == due + 2_000 / RTF
    again = stage.pick_one()
    assert stage.claim(again).lead_ms == due + 2_000 / RTF - stage.now


@pytest.mark.parametrize(("spoken_ms", "displaced"), [(400, False), (650, True), (5_700, True), (5_800, False)])
def test_only_one_that_bears_it_and_is_not_nearly_over(redis: Redis, spoken_ms: int, displaced: bool) -> None:
    """Three times what the other costs and a second more: it may wait for other slots than the one that it gave."""
    stage, _ = beside_a_long_sentence(redis, spoken_ms)
    stage.accept("short", 1_000, user="bob")
    assert len(stage.pick(9)) == displaced


@pytest.mark.parametrize("continuity", ["exact", "none"])
def test_an_engine_that_would_begin_again_is_not_interrupted(redis: Redis, continuity: str) -> None:
    stage, _ = beside_a_long_sentence(redis, continuity=continuity)
    stage.accept("short", 1_000, user="bob")
    assert stage.pick(9) == []


def test_the_one_with_most_audio_ahead_makes_way(redis: Redis) -> None:
    stage = stage_of(redis, 2)
    for job in ("first", "second"):
        stage.accept(job, LONG_MS, user=job)
        stage.takes("w1", stage.pick_one())
        stage.now += 900
    stage.accept("short", 1_000, user="bob")
    assert stage.pick_one().job == "short"
    assert stage.record(TaskMessage("first", 0, 1))[0] == "Q"


def test_no_sentence_that_is_needed_later_displaces_another(redis: Redis) -> None:
    """Its listener has audio: it waits for a slot."""
    stage, _ = beside_a_long_sentence(redis)
    stage.accept("talk", 1_000, 12_000, user="bob")
    stage.speaks(stage.pick_one(), 1_000)
    again = stage.pick_one()
    assert again.job == "talk"
    stage.accept("book", 1_000, user="hog", kind=JobKind.BATCH)
    stage.takes("w1", again)
    stage.now += 100
    assert stage.pick(9) == []


def test_what_is_over_is_looked_at_no_more(redis: Redis) -> None:
    stage, message = beside_a_long_sentence(redis)
    assert redis.zcard(f"{P}:resumes") == 1
    stage.finish(message, LONG_MS)
    assert redis.zcard(f"{P}:resumes") == 0


def test_a_displaced_sentence_whose_engine_hangs_is_handed_over(redis: Redis) -> None:
    stage, _ = beside_a_long_sentence(redis)
    stage.accept("short", 1_000, user="bob")
    stage.speaks(stage.pick_one(), 1_000)
    again = stage.pick_one()
    stage.takes("w1", again)
    stage.hire("w2")
    redis.hset(f"{P}:m", "handovers_left", 1)
    assert stage.handover(again)
