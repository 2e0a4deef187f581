"""One clock for all processes, made monotone (docs/explanation/architecture.md)."""

import pytest
from redis import Redis

from seriatim.lua.pool_scripts import beat, pick
from seriatim.lua.script_calls import run
from tests.scripts.pool.pool_driver import LEASE_MS, POOL, PoolDriver

HOUR_MS = 3_600_000


@pytest.mark.parametrize("jump_ms", [HOUR_MS, -HOUR_MS])
def test_a_jump_of_an_hour_reaps_nothing(redis: Redis, jump_ms: int) -> None:
    """No lease, no process, no reader, no timeout: no process was silent, only the clock was set."""
    stage = PoolDriver(redis, slots=2)
    stage.accept("j", *[1_000] * 4, timeout_ms=60_000, grace_ms=30_000)
    messages = stage.pick(2)
    stage.takes("w1", *messages)
    stage.now += jump_ms
    assert stage.sweep().ran
    assert stage.job("j", "state") == "run"
    assert [stage.record(message)[0] for message in messages] == ["R", "R"]
    assert stage.beat("w1", *messages, slots=2) == (True, frozenset())


@pytest.mark.parametrize("jump_ms", [HOUR_MS, -HOUR_MS])
def test_a_jump_of_an_hour_delays_nothing(redis: Redis, jump_ms: int) -> None:
    """Leases expire and retries are ready as if the clock had not been touched."""
    stage = PoolDriver(redis, slots=2)
    stage.accept("j", 1_000)
    message = stage.pick_one()
    stage.takes("w1", message)
    stage.fail(message)
    stage.now += jump_ms
    assert stage.pick() == []
    stage.now += 200
    again = stage.pick_one()
    stage.takes("w1", again)
    stage.now += LEASE_MS
    stage.sweep()
    assert stage.record(again)[0] == "Q"


@pytest.mark.parametrize("jump_ms", [HOUR_MS, -HOUR_MS])
def test_deadlines_survive_a_jump(redis: Redis, jump_ms: int) -> None:
    stage = PoolDriver(redis, slots=2)
    stage.accept("before", 1_000, target_ms=500)
    stage.now += jump_ms
    stage.accept("after", 1_000, user="bob", target_ms=600)
    assert [message.job for message in stage.pick()] == ["before", "after"]


def test_time_that_passes_without_a_call_is_blamed_on_no_process(redis: Redis) -> None:
    """All was down for a night: on return every process has its lease to say that it lives."""
    stage = PoolDriver(redis)
    stage.accept("j", 1_000, timeout_ms=60_000)
    message = stage.pick_one()
    stage.takes("w1", message)
    stage.now += 12 * HOUR_MS
    stage.sweep()
    assert stage.record(message)[0] == "R"
    stage.now += LEASE_MS
    stage.sweep()
    assert stage.record(message)[0] == "Q"


def test_without_a_time_the_servers_own_clock_counts(redis: Redis) -> None:
    stage = PoolDriver(redis)
    before = redis.time()[0] * 1000
    stage.redis.delete("seriatim:1:{p:p}:m")
    run(redis, pick(POOL, 1, 1_000))
    assert before <= stage.m("now") <= before + 60_000
    run(redis, beat(POOL, "w1", 1_000, 1, 1_000))
