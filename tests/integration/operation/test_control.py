"""Celery's own remote control, as an operator uses it: what it can do here it does, and what it cannot it says."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from seriatim.celery_app import make_app
from seriatim.client.job_options import JobRequest
from seriatim.keys import pool_prefix, queue
from tests.support.expected_audio import Listener, sentences, stream_of
from tests.support.process_system import RealSystem, wait_until
from tests.support.redis_servers import PrivateServer, embedded


@pytest.fixture
def broker() -> Iterator[PrivateServer]:
    with PrivateServer(embedded()) as server:
        yield server


@pytest.fixture
def system(new_system: Callable[..., RealSystem], broker: PrivateServer) -> Iterator[RealSystem]:
    # No process leaves by itself, however busy the machine is.
    with new_system(broker=broker, lease_ms=60_000, message_timeout_ms=60_000) as system:
        system.reassembler()
        system.workers(1, slots=2, options={"fixed_ms": 50})
        yield system


def ask(system: RealSystem, command: str, **arguments: Any) -> dict[str, str]:
    """The one worker's answer."""
    with make_app(system.settings.broker) as app:
        (answer,) = wait_until(
            lambda: app.control.broadcast(command, arguments=arguments, reply=True, limit=1, timeout=1), "it listens"
        )
    return dict(next(iter(answer.values())))


def wait_for_beat(system: RealSystem) -> None:
    """Wait until the one worker has beaten once more."""
    (owner,) = system.worker_pids()
    with system.redis as client:
        key = f"{pool_prefix('tone')}:w:{owner}"
        before = client.hget(key, "until")
        wait_until(lambda: client.hget(key, "until") != before, "it beats")


def speaks(system: RealSystem, name: str) -> bool:
    text = sentences(8, name)
    return Listener(system.producer().enqueue(text, JobRequest.of({"engine": "tone"}))).pcm(60) == stream_of(text)


def test_cancel_consumer_drains_a_worker_and_add_consumer_brings_it_back(
    system: RealSystem, broker: PrivateServer
) -> None:
    """It finishes what it speaks, offers no slot, and still gets messages; later connections take work, too."""
    pids, ours = system.worker_pids(), queue("tone")
    assert speaks(system, "before")
    assert "ok" in ask(system, "cancel_consumer", queue=ours)
    wait_until(lambda: system.slots() == 0, "the pool knows that it takes nothing")
    with system.redis as client:  # after three lost messages a process exits for a restart
        client.hincrby(f"{pool_prefix('tone')}:m", "lost_messages", 3)
    for _ in range(3):
        wait_for_beat(system)
    assert system.worker_pids() == pids
    assert "ok" in ask(system, "add_consumer", queue=ours)
    wait_until(lambda: system.slots() == 2, "the pool knows that it takes work")
    assert speaks(system, "after")
    broker.kill()
    broker.start()
    assert speaks(system, "with a new connection")
    assert system.worker_pids() == pids
    assert "broker connection lost; reconnecting" in system.log("workers")
    assert "Traceback" not in system.log("workers"), "what is expected has one line"


def test_another_pools_queue_is_not_taken(system: RealSystem) -> None:
    assert "start one for another pool" in ask(system, "add_consumer", queue="seriatim.other")["error"]
    assert "this worker's queue is seriatim.tone" in ask(system, "cancel_consumer", queue="seriatim.other")["error"]
    assert speaks(system, "still")


@pytest.mark.parametrize(
    ("command", "arguments", "says"),
    [
        ("pool_grow", {"n": 1}, "--slots"),
        ("pool_shrink", {"n": 1}, "--slots"),
        ("autoscale", {"max": 4, "min": 1}, "--slots"),
        ("pool_restart", {}, "its supervisor starts another"),
        ("rate_limit", {"task_name": "seriatim.synthesize", "rate_limit": "1/h"}, "--requests-minute"),
        ("election", {"id": "x", "topic": "y", "action": {}}, "workers elect no leader"),
        ("time_limit", {"task_name": "seriatim.synthesize", "soft": 1.0, "hard": 2.0}, "SERIATIM_STALL_TIMEOUT_MS"),
        ("revoke", {"task_id": "x"}, "seriatim cancel JOB"),
        ("terminate", {"task_id": "x", "signal": "KILL"}, "seriatim cancel JOB"),
    ],
)
def test_what_can_do_nothing_here_says_so_in_one_line(
    shared: RealSystem, command: str, arguments: dict[str, object], says: str
) -> None:
    answer = ask(shared, command, **arguments)
    assert says in answer["error"]
    assert "\n" not in answer["error"]
    assert "Traceback" not in shared.log("workers")


@pytest.fixture(scope="module")
def shared(new_system: Callable[..., RealSystem]) -> RealSystem:
    system = new_system()
    system.workers(1)
    return system
