"""Fenced attempts as a worker process counts them, seen from inside it."""

import time

import pytest
from redis import Redis

from seriatim.celery_app import make_app
from seriatim.dispatch import PoolClient
from seriatim.keys import pool_prefix
from seriatim.lua import pool_scripts
from seriatim.lua.pool_records import FinishVerdict, RetryPolicy
from seriatim.records import TaskMessage
from seriatim.settings import Settings
from tests.scripts.pool.pool_driver import POOL, PoolDriver
from workers import heartbeat
from workers.engines.engine_registry import load
from workers.fenced_attempts import refused_calls
from workers.heartbeat import send_heartbeat
from workers.registration import registration_of
from workers.worker_state import ReportedOutcome, RunningAttempt, SilenceLimits, WorkerState


@pytest.fixture
def worker_state(redis: Redis) -> WorkerState:
    settings, engine = Settings(redis_url="redis://nowhere"), load("tone", {"rate_hz": "8000"})
    pool_client = PoolClient(redis, make_app("memory://", POOL), POOL, settings)
    return WorkerState(pool_client, engine, "w1", registration_of(engine, settings, 1))


def test_only_an_end_that_the_pool_would_not_hear_is_counted(worker_state: WorkerState) -> None:
    """A job that is over (GONE) took the sentence from all: no other has it."""
    messages = [TaskMessage("j", seq, 10 + seq) for seq in range(5)]
    outcomes = [
        ReportedOutcome(message, pool_scripts.fail(POOL, message, "epoch", "why", RetryPolicy()))
        for message in messages
    ]
    calls = refused_calls(
        worker_state, outcomes, [FinishVerdict.OK, FinishVerdict.STALE, FinishVerdict.GONE, True, FinishVerdict.STALE]
    )
    assert [call.args[1:] for call in calls] == [(11,), (14,)]


@pytest.mark.parametrize("died", [True, False])
def test_a_heartbeat_separates_fenced_from_cancelled(worker_state: WorkerState, redis: Redis, died: bool) -> None:
    stage = PoolDriver(redis)
    stage.accept("j", 1_000)
    message = stage.pick_one()
    stage.claim(message)
    attempt = RunningAttempt(message, "", SilenceLimits(5.0))
    worker_state.add_attempt(attempt)
    assert send_heartbeat(worker_state)
    assert not attempt.dropped.is_set()
    if died:
        stage.leave("w1", died=True)
    else:
        stage.cancel("j")
    assert send_heartbeat(worker_state) is not died, "a process that was taken for dead learns it"
    assert attempt.dropped.is_set()
    assert attempt.reassigned is died


def test_a_process_that_connects_again_while_it_asks_about_the_broker_stays(
    worker_state: WorkerState, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The question takes up to seconds on a busy machine; what happened meanwhile counts."""

    def reconnects(state: WorkerState) -> bool:
        state.consuming_since_s = time.monotonic()
        return True

    worker_state.message_received.clear()
    worker_state.consuming_since_s = time.monotonic() - 3_600
    known = heartbeat._exit_if_unreached(worker_state, -1)
    redis.hincrby(f"{pool_prefix(POOL)}:m", "lost_messages", heartbeat.MAX_LOST_MESSAGES)
    redis.expire(f"{pool_prefix(POOL)}:m", 60)
    monkeypatch.setattr(heartbeat, "_broker_answers", reconnects)
    monkeypatch.setattr("os._exit", lambda status: pytest.fail(f"it ended with {status}"))
    assert heartbeat._exit_if_unreached(worker_state, known) == -1
