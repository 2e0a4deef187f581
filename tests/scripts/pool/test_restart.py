"""A restart of the server: epochs and fences (docs/explanation/architecture.md, "Recovery")."""

from collections.abc import Iterator

import pytest
from redis import Redis

from seriatim.lua.pool_records import ClaimVerdict, FinishVerdict
from seriatim.lua.pool_scripts import rebase
from seriatim.lua.script_calls import run
from tests.conftest import binary_of
from tests.scripts.pool.pool_driver import POOL, P, PoolDriver
from tests.support.redis_servers import SERVER_KINDS, PrivateServer
from tests.support.ttl_check import assert_every_key_expires


@pytest.fixture(params=SERVER_KINDS)
def logged(request: pytest.FixtureRequest) -> Iterator[PrivateServer]:
    """A server with a log of its own, which a test may kill and start again."""
    with PrivateServer(binary_of(request.param), "--appendonly", "yes", "--appendfsync", "always") as server:
        yield server


def test_after_a_restart_what_was_in_flight_is_spoken_again(logged: PrivateServer) -> None:
    """Behind higher tokens, charged once, no sentence blamed; what was issued before counts no more."""
    with logged.client() as before:
        stage = PoolDriver(before, slots=2)
        stage.accept("j", *[1_000] * 3)
        running, waiting = stage.pick(2)
        stage.takes("w1", running)
        tag = stage.tag("ann") or 0
    logged.kill()
    logged.start()
    with logged.client() as after:
        stage.redis = after
        assert stage.rebase() == 2
        assert stage.in_flight() == 0
        assert stage.tag("ann") == tag - 500
        assert stage.finish(running, 1_000) is FinishVerdict.STALE
        assert stage.claim(waiting).verdict is ClaimVerdict.STALE
        again = stage.pick(2)
        assert [message.seq for message in again] == [0, 1]
        assert min(message.attempt for message in again) > waiting.attempt
        assert [stage.record(message)[2] for message in again] == ["0", "0"]
        assert stage.claim(again[0]).verdict is ClaimVerdict.CLAIMED, "the process is still registered"
        assert_every_key_expires(after)


def test_a_late_notice_changes_nothing(logged: PrivateServer) -> None:
    """Every process calls when it sees a new run id; the script reads the id itself, so a late call finds it known."""
    with logged.client() as before:
        stage = PoolDriver(before)
        stage.accept("j", *[1_000] * 3)
    logged.kill()
    logged.start()
    with logged.client() as after:
        stage.redis = after
        assert run(after, rebase(POOL).at(stage.now)) == 2
        message = stage.pick_one()
        stage.takes("w1", message)
        m = after.hgetall(f"{P}:m")
        assert run(after, rebase(POOL).at(stage.now)) == 0
        assert after.hgetall(f"{P}:m") == m
        assert stage.finish(message, 1_000) is FinishVerdict.OK


def test_a_master_that_was_demoted_and_promoted_again_begins_an_epoch(logged: PrivateServer) -> None:
    """Its run id is the old one, and what it had acknowledged last is gone: it followed another master meanwhile."""
    with logged.client() as redis:
        stage = PoolDriver(redis)
        stage.accept("j", 1_000)
        message = stage.pick_one()
        stage.takes("w1", message)
        redis.replicaof("127.0.0.1", 1)
        redis.replicaof("NO", "ONE")
        assert stage.rebase() == 2
        assert stage.finish(message, 1_000) is FinishVerdict.STALE
        assert stage.rebase() == 0


def test_a_token_of_the_time_before_finishes_nothing(redis: Redis) -> None:
    """Even if a server that lost its tail had handed out the same number again."""
    stage = PoolDriver(redis)
    stage.accept("j", 1_000)
    message = stage.pick_one()
    stage.takes("w1", message)
    stage.epochs[message] = "0123456789abcdef"
    assert stage.finish(message, 1_000) is FinishVerdict.STALE
    assert stage.fail(message) is FinishVerdict.STALE


def test_fences_stay_whole_numbers_above_every_token_ever_issued(redis: Redis) -> None:
    """Below 2**53, where Lua and JSON still count by one; also where the clock was set back."""
    stage = PoolDriver(redis, slots=4)
    stage.accept("j", *[1_000] * 4)
    first = stage.pick(2)
    stage.redis.hset(f"{P}:m", mapping={"epoch": "0123456789abcdef", "fence": 2**52})
    assert stage.rebase() == 2
    again = stage.pick(2)
    assert [message.attempt for message in again] == [2**52 + 1_000_001, 2**52 + 1_000_002]
    assert all(message.attempt > old.attempt for message, old in zip(again, first, strict=True))
    assert stage.claim(again[0]).verdict is ClaimVerdict.CLAIMED
    assert stage.held()[":run:w1"] == {"j|0": str(2**52 + 1_000_001)}
    assert again[-1].attempt < 2**53


def test_a_fresh_pool_is_not_a_restart(redis: Redis) -> None:
    assert run(redis, rebase(POOL).at(1_000_000)) == 1
    assert run(redis, rebase(POOL).at(1_000_000)) == 0
