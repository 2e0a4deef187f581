"""kill -9 of a worker, of the reassembler, of Redis, and a worker that comes back from the dead: the same bytes."""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest

from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.records import DrainMode, JobKind
from tests.conftest import binary_of
from tests.support.expected_audio import Listener, plainly, sentences, stream_of
from tests.support.process_system import ALWAYS, RealSystem, wait_until
from tests.support.redis_servers import SERVER_KINDS

#: long enough to be hit in its middle; what one began, the other goes on with in chunks of its own
COSTS = {"workers": {"fixed_ms": 250, "chunk_ms": 100}, "others": {"fixed_ms": 250, "chunk_ms": 73}}


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    # Three kills may hit one sentence: it must not be given up for that.
    system = new_system(*ALWAYS, lease_ms=3_000, heartbeat_ms=150, max_failures=99)
    system.reassembler()
    start_workers(system)
    return system


def start_workers(system: RealSystem) -> None:
    for name, options in COSTS.items():
        system.workers(1, name=name, options=options)


def enqueue(system: RealSystem, text: list[str]) -> Job:
    return system.producer().enqueue(text, JobRequest(engine="tone", kind=JobKind.BATCH, drain=DrainMode.WINDOW))


def sound(system: RealSystem, job: Job) -> bytes:
    """Every byte of the ordered stream: our own readers would drop what comes twice."""
    with system.redis as client:
        return plainly(client, job)


def has_heard(job: Job, n_sentences: int) -> bool:
    return job.status().emitted > n_sentences


def test_workers_that_are_killed_in_mid_sentence_are_not_heard(system: RealSystem) -> None:
    text = system.held(sentences(6, "killed worker"))
    lost = system.attempts_lost()
    job = enqueue(system, text)
    for n in range(3):
        wait_until(partial(has_heard, job, n), "some of it is heard")
        system.kill_half_spoken()
    system.gate.touch()
    assert sound(system, job) == stream_of(text)
    assert system.attempts_lost() >= lost + 3, "each kill cost a sentence that others spoke again"
    wait_until(lambda: system.slots() == 2, "killed workers are replaced")


def test_a_worker_that_stops_and_comes_back_is_fenced_out(system: RealSystem) -> None:
    """A zombie: stopped beyond its lease, its sentence is spoken by another; then it goes on where it stopped."""
    text = system.held(sentences(5, "zombie"))
    lost = system.attempts_lost()
    job = enqueue(system, text)
    pid = system.stopped_half_spoken()
    try:
        wait_until(lambda: system.attempts_lost() > lost, "its lease expires")
        wait_until(lambda: system.slots() == 1, "its slot is gone")
        assert not job.status().ended
    finally:
        os.kill(pid, signal.SIGCONT)
    system.gate.touch()
    assert sound(system, job) == stream_of(text)
    wait_until(lambda: pid in system.worker_pids().values(), "the same process registers again")


def test_a_reassembler_that_is_killed_leaves_everything_to_the_next(system: RealSystem) -> None:
    text = system.held(sentences(8, "killed reassembler"))
    job = enqueue(system, text)
    for number in range(2):
        wait_until(partial(has_heard, job, 3 * number), "some of it is heard")
        assert system.end("reassembler", signal.SIGKILL) == -signal.SIGKILL
        assert not job.status().ended
        system.reassembler()
    system.gate.touch()
    assert sound(system, job) == stream_of(text)


@pytest.mark.parametrize("kind", SERVER_KINDS)
def test_a_redis_that_is_killed_and_reads_its_log_has_lost_nothing(
    new_system: Callable[..., RealSystem], kind: str
) -> None:
    system = new_system(*ALWAYS, binary=binary_of(kind))
    system.reassembler()
    start_workers(system)
    text, other = system.held(sentences(6, "killed redis")), system.held(sentences(6, "and its neighbour"))
    listener, job = Listener(enqueue(system, text)), enqueue(system, other)
    for number in range(2):
        wait_until(partial(has_heard, listener.job, 4 * number), "some of it is heard")
        wait_until(system.half_spoken, "a worker is in mid-sentence")
        system.server.kill()
        system.server.start()
        wait_until(lambda: system.count("restarts") == number + 1, "the pool takes notice")  # noqa: B023  # called at once
    system.gate.touch()
    assert listener.pcm() == stream_of(text)
    assert sound(system, job) == stream_of(other)
    wait_until(lambda: system.slots() == 2)
    system.close()


@pytest.mark.thorough
def test_everything_is_killed_at_once_and_goes_on(system: RealSystem) -> None:
    text = system.held(sentences(6, "killed everything"))
    job = enqueue(system, text)
    wait_until(system.half_spoken, "a worker is in mid-sentence")
    for pid in system.worker_pids().values():
        with suppress(ProcessLookupError):  # one that an earlier test killed may still be registered
            os.kill(pid, signal.SIGKILL)
    for name in COSTS:
        system.end(name, signal.SIGKILL)
    system.end("reassembler", signal.SIGKILL)
    system.server.kill()
    system.server.start()
    system.reassembler()
    start_workers(system)
    system.gate.touch()
    assert sound(system, job) == stream_of(text)
