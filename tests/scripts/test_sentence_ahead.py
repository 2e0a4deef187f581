"""The sentence ahead: one more than its process speaks, of a light engine, while there are no listeners."""

import pytest
from redis import Redis

from seriatim.lua import pool_scripts
from seriatim.lua.pool_records import FinishedSentence, FinishVerdict, NextSentence
from seriatim.records import JobKind, TaskMessage
from tests.scripts.pool.pool_driver import LEASE_MS, POOL, PoolDriver

SLOTS, WALL_MS = 4, 68


def finish(stage: PoolDriver, message: TaskMessage, own: int = 2, wall_ms: int = WALL_MS) -> NextSentence:
    """The slot of a sentence reports it and takes the next, and with `own` 2 one ahead."""
    stage.now += wall_ms
    finished = FinishedSentence(stage.epochs[message], wall_ms, 1_000)
    call = pool_scripts.finish_and_claim(POOL, message, finished, 600_000, "w1", LEASE_MS, 8, 4_000, own=own)
    reply: NextSentence = stage.do(call.at(stage.now))
    assert reply.verdict is FinishVerdict.OK
    if reply.message and reply.claimed:
        stage.epochs[reply.message] = reply.claimed.epoch
    return reply


def busy(redis: Redis, *, ahead: bool = True) -> tuple[PoolDriver, list[TaskMessage]]:
    """A process that speaks as much of a book as it has slots for."""
    stage = PoolDriver(redis, slots=0)
    stage.hire("w1", SLOTS, hot=True, ahead=ahead)
    stage.accept("book", *[1_000] * 40, kind=JobKind.BATCH, window_ms=600_000)
    running = stage.pick(8)
    assert len(running) == SLOTS
    stage.takes("w1", *running)
    return stage, running


def test_a_busy_process_gets_one_sentence_ahead(redis: Redis) -> None:
    stage, running = busy(redis)
    reply = finish(stage, running[0])
    assert reply.message is not None
    assert (reply.picked, reply.ahead is not None) == ((), True), "it is not published"
    assert stage.m("infl") == SLOTS + 1
    assert reply.ahead is not None
    stage.takes("w1", reply.ahead)
    reply = finish(stage, running[1], own=1)
    assert (reply.message is not None, reply.ahead) == (True, None), "each report brings the next"
    assert stage.m("infl") == SLOTS + 1
    assert stage.pick(8) == [], "for others there is no room"


def test_who_asks_for_none_gets_none(redis: Redis) -> None:
    stage, running = busy(redis)
    assert finish(stage, running[0], own=1).ahead is None
    assert stage.m("infl") == SLOTS


def test_what_an_idle_slot_can_speak_is_no_sentence_ahead(redis: Redis) -> None:
    stage, running = busy(redis)
    stage.hire("w2", 2, hot=True, ahead=True)
    reply = finish(stage, running[0])
    assert reply.message is not None
    assert (len(reply.picked), reply.ahead) == (2, None), "both are published"


def test_of_several_processes_none_has_one_ahead(redis: Redis) -> None:
    """What waited in one would take the room of an idle slot in another."""
    stage, running = busy(redis)
    stage.hire("w2", 4, hot=True, ahead=True)
    others = stage.pick(8)
    stage.takes("w2", *others)
    assert (stage.m("ahead"), len(others)) == (0, 4)
    assert finish(stage, running[0]).ahead is None
    assert stage.m("infl") == SLOTS + 4
    assert stage.finish(others[1], 1_000) is FinishVerdict.OK
    assert len(stage.pick(8)) == 1, "the idle slot has its sentence"


def test_a_suspect_is_not_ahead(redis: Redis) -> None:
    """It must run alone in its process, and comes by message."""
    stage, running = busy(redis)
    stage.hire("w2", 2, hot=True, ahead=True)
    suspects = stage.pick(8)
    stage.takes("w2", *suspects)
    stage.leave("w2", died=True)
    reply = finish(stage, running[0])
    assert reply.ahead is None
    assert {message.seq for message in reply.picked} == {message.seq for message in suspects}


def test_a_process_that_takes_none_ahead_gets_none(redis: Redis) -> None:
    stage, running = busy(redis, ahead=False)
    assert finish(stage, running[0]).ahead is None
    assert stage.m("infl") == SLOTS


def test_none_is_ahead_while_there_are_listeners(redis: Redis) -> None:
    stage, running = busy(redis)
    stage.accept("talk", *[1_000] * 9, user="ben")
    assert finish(stage, running[0]).ahead is None
    assert stage.m("infl") == SLOTS


def test_a_listener_who_comes_gets_the_next_place_but_one(redis: Redis) -> None:
    """The sentence ahead takes the first that is free; behind it nothing is picked before the listener's sentence."""
    stage, running = busy(redis)
    finish(stage, running[0])
    stage.accept("talk", *[1_000] * 9, user="ben")
    assert finish(stage, running[1]).message is None, "the slots are taken, by the one that was ahead"
    following = finish(stage, running[2]).message
    assert following is not None
    assert following.job == "talk"
    assert stage.m("infl") == SLOTS


def test_none_is_ahead_where_sentences_take_long(redis: Redis) -> None:
    stage, running = busy(redis)
    for message in running[:2]:
        assert finish(stage, message, wall_ms=9_000).ahead is None
    assert stage.m("infl") == SLOTS


def test_none_is_ahead_where_the_engines_server_limits_the_pool(redis: Redis) -> None:
    stage, running = busy(redis)
    stage.do(pool_scripts.limit_pool(POOL, SLOTS).at(stage.now))
    assert finish(stage, running[0]).ahead is None


def test_a_process_that_drains_is_not_counted(redis: Redis) -> None:
    stage, _ = busy(redis)
    assert stage.m("ahead") == 1
    stage.beat("w1", slots=0)
    assert stage.m("ahead") == 0


@pytest.mark.parametrize(("ahead_ms", "cost"), [(0, WALL_MS + 17), (17, WALL_MS)])
def test_the_time_for_which_it_was_ahead_is_no_slots(redis: Redis, ahead_ms: int, cost: int) -> None:
    """Or else a busy pool would believe that its engine is slower, and refuse listeners."""
    stage = PoolDriver(redis)
    stage.accept("book", 1_000, kind=JobKind.BATCH)
    message = stage.pick_one()
    stage.claim(message)
    stage.now += WALL_MS + 17
    finished = FinishedSentence(stage.epochs[message], WALL_MS, 1_000, ahead_ms=ahead_ms)
    assert stage.do(pool_scripts.finish(POOL, message, finished).at(stage.now)) is FinishVerdict.OK
    assert stage.m("cost") == cost
