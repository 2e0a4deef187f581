"""The two policies that ours is compared with (bench/load/policies): first in, first out, and users in turn."""

from dataclasses import replace
from typing import Any

from redis import Redis

from bench.load.policies import overlaid
from seriatim.lua.script_calls import ScriptCall
from seriatim.records import JobKind
from tests.scripts.pool.pool_driver import PoolDriver


class PlainStage(PoolDriver):
    """A stage whose pool knows no classes."""

    def __init__(self, redis: Redis, policy: str) -> None:
        self.policy = policy
        super().__init__(redis)

    def do(self, call: ScriptCall[Any]) -> Any:
        return super().do(replace(call, script=overlaid(call.script, self.policy)))


def stage_with(redis: Redis, policy: str) -> PoolDriver:
    return PlainStage(redis, policy)


def next_jobs(stage: PoolDriver, n: int) -> list[str]:
    """The jobs of the next sentences, each spoken before the next is picked."""
    jobs = []
    for _ in range(n):
        message = stage.pick_one()
        stage.speaks(message, 1_000)
        jobs.append(message.job)
    return jobs


def test_fifo_speaks_the_first_request_whatever_that_does_to_others(redis: Redis) -> None:
    """A book that came first is spoken to its end before a listener hears a word."""
    stage = stage_with(redis, "fifo")
    stage.accept("book", *[1_000] * 4, user="hog", kind=JobKind.BATCH)
    stage.now += 10
    stage.accept("chat", 1_000, 1_000, user="ann")
    assert next_jobs(stage, 6) == ["book"] * 4 + ["chat"] * 2


def test_fifo_knows_no_shares(redis: Redis) -> None:
    """The first job has had far more than theta, and goes on."""
    stage = stage_with(redis, "fifo")
    stage.accept("first", *[8_000] * 20, user="ann", window_ms=10**6)
    stage.now += 10
    stage.accept("second", 1_000, user="bob")
    assert next_jobs(stage, 21) == ["first"] * 20 + ["second"]


def test_fifo_goes_on_with_the_next_when_a_window_is_closed(redis: Redis) -> None:
    """Memory is bounded under every policy."""
    stage = stage_with(redis, "fifo")
    stage.accept("first", *[1_000] * 6, user="ann", window_ms=2_000)
    stage.now += 10
    stage.accept("second", *[1_000] * 6, user="bob")
    assert next_jobs(stage, 4) == ["first", "first", "second", "second"]
    stage.ack("first", 2_000)
    assert next_jobs(stage, 1) == ["first"]


def test_round_robin_gives_each_user_a_sentence_in_turn(redis: Redis) -> None:
    """However many jobs a user has; its oldest goes first."""
    stage = stage_with(redis, "round_robin")
    for i in range(3):
        stage.accept(f"h{i}", *[1_000] * 3, user="hog", kind=JobKind.BATCH)
        stage.now += 10
    assert next_jobs(stage, 1) == ["h0"]
    stage.accept("chat", *[1_000] * 2, user="zoe")
    assert next_jobs(stage, 5) == ["chat", "h0", "chat", "h0", "h1"]


def test_round_robin_puts_a_newcomer_behind_all_that_wait(redis: Redis) -> None:
    stage = stage_with(redis, "round_robin")
    stage.accept("a", *[1_000] * 9, user="ann")
    stage.accept("b", *[1_000] * 9, user="bob")
    assert next_jobs(stage, 3) == ["a", "b", "a"]
    stage.accept("c", *[1_000] * 9, user="cid")
    assert next_jobs(stage, 4) == ["b", "a", "c", "b"]


def test_round_robin_does_not_care_what_a_turn_costs(redis: Redis) -> None:
    """That is what is wrong with it: a user with long sentences has several times the share."""
    stage = stage_with(redis, "round_robin")
    stage.accept("long", *[8_000] * 9, user="ann", window_ms=10**6)
    stage.accept("short", *[1_000] * 9, user="bob", window_ms=10**6)
    assert sorted(next_jobs(stage, 8)) == ["long"] * 4 + ["short"] * 4
