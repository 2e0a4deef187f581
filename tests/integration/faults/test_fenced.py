"""A fenced worker stands still until its lease is over, and goes on: what it sends is refused, and counted."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from seriatim.keys import pool_prefix
from tests.integration.faults.test_kills import enqueue, sound
from tests.support.expected_audio import sentences, stream_of
from tests.support.process_system import RealSystem, wait_until

SLOW = {"fixed_ms": 250, "chunk_ms": 100}
OTHERS = {"fixed_ms": 250, "chunk_ms": 73}


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    system = new_system(lease_ms=60_000, heartbeat_ms=150)  # only a test ends one, however busy the machine is
    system.reassembler()
    system.workers(1, options=SLOW)
    system.workers(1, name="others", options=OTHERS)
    return system


def end_lease(system: RealSystem, pid: int, pool: str = "tone") -> None:
    """End the lease of a process that stands still, or is dead: the next sweep takes its sentences back."""
    (owner,) = [owner for owner, owner_pid in system.worker_pids(pool).items() if owner_pid == pid]
    system.make_due(f"{pool_prefix(pool)}:wk", owner)


@contextmanager
def stopped(system: RealSystem) -> Iterator[None]:
    """A worker stands still in mid-sentence, and its lease is over."""
    pid = system.stopped_half_spoken()
    try:
        end_lease(system, pid)
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.thorough
def test_an_attempt_that_goes_on_when_another_has_its_sentence_is_counted_once(system: RealSystem) -> None:
    text = sentences(8, "zombie that counts")
    for n in range(1, 3):
        lost = system.attempts_lost()
        job = enqueue(system, text)
        with stopped(system):
            wait_until(lambda before=lost: system.attempts_lost() > before, "another has its sentence")  # type: ignore[misc]  # called at once
        wait_until(lambda expected=n: system.count("fenced") == expected, "it is refused")  # type: ignore[misc]  # as above
        assert sound(system, job) == stream_of(text)
        wait_until(lambda: system.slots() == 2, "it registers again")
    assert system.count("fenced") == 2


def test_a_cancelled_sentence_is_not_a_fenced_attempt(system: RealSystem) -> None:
    before = system.count("fenced")
    job = enqueue(system, system.held(sentences(1, "cancelled and not fenced")))
    wait_until(system.half_spoken, "a worker is in mid-sentence")
    job.cancel()
    other = enqueue(system, sentences(4, "after that"))
    assert sound(system, other) == stream_of(sentences(4, "after that"))
    assert system.count("fenced") == before
