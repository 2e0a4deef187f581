"""Byte identity: whichever workers speak a job, beside whatever other jobs, the listener hears the same bytes."""

from collections.abc import Callable

import pytest

from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.keys import pool_prefix
from seriatim.records import JobKind
from tests.support.expected_audio import Listener, by_sentence, sentences, spoken_pcm
from tests.support.process_system import HOLD, RealSystem, wait_until

N_JOBS = 50
N_SENTENCES = 6
N_PROCESSES = 4  #: of the choir
VOICES = ("alto", "tenor", "bass", "flute", "organ")
LIVE_ONES = 10  #: all of them would be more than the pool can promise to serve without a stall
HELD_ONES = range(LIVE_ONES, LIVE_ONES + N_PROCESSES)  #: jobs whose last sentence waits until each process has one


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    """One server with two pools: four processes, and one alone."""
    system = new_system(lease_ms=60_000, message_timeout_ms=60_000)  # nothing goes wrong, however busy the machine is
    system.reassembler()
    system.workers(1, name="solo", pool="solo")
    system.workers(N_PROCESSES, name="choir", pool="choir", options={"fixed_ms": 20})
    return system


def text(number: int) -> list[str]:
    name = f"listener{number:02d}"
    held = [f"The {HOLD} of {name} waits for the others."] if number in HELD_ONES else []
    return [*sentences(N_SENTENCES, name)[: N_SENTENCES - len(held)], *held]


def enqueue(system: RealSystem, pool: str) -> list[Job]:
    producer = system.producer()
    return [
        producer.enqueue(
            text(number),
            JobRequest(
                pool=pool,
                user=f"user{number % 7}",
                voice=VOICES[number % len(VOICES)],
                seed=number,
                kind=JobKind.LIVE if number < LIVE_ONES else JobKind.BATCH,
            ),
        )
        for number in range(N_JOBS)
    ]


def now_spoken(system: RealSystem) -> set[bytes]:
    """The sentences that processes of the choir speak: their jobs' ids and numbers."""
    with system.redis as client:
        running = [client.hkeys(key) for key in client.scan_iter(f"{pool_prefix('choir')}:run:*")]
    return {name for names in running for name in names}


def spoken_by(system: RealSystem) -> dict[str, int]:
    """How many sentences each process of the choir has spoken so far."""
    prefix = pool_prefix("choir")
    with system.redis as client:
        return {owner: int(client.hget(f"{prefix}:w:{owner}", "spoken") or 0) for owner in system.worker_pids("choir")}


@pytest.fixture(scope="module")
def listeners(system: RealSystem) -> list[Listener]:
    """Fifty jobs at once on four processes, heard to their ends; none of the four is left out."""
    system.gate.unlink(missing_ok=True)
    found = [Listener(job) for job in enqueue(system, "choir")]
    held = {f"{found[number].job.id}|{N_SENTENCES - 1}".encode() for number in HELD_ONES}
    wait_until(lambda: held <= now_spoken(system), "each process has a sentence that waits")
    system.gate.touch()
    for listener in found:
        listener.all()
    return found


@pytest.mark.thorough
def test_fifty_jobs_at_once_on_four_processes_sound_as_each_does_from_one(
    system: RealSystem, listeners: list[Listener]
) -> None:
    choir = [listener.pcm() for listener in listeners]
    alone = [Listener(job).pcm() for job in enqueue(system, "solo")]

    assert choir == alone
    assert len(set(choir)) == N_JOBS
    wait_until(
        lambda: sum(spoken_by(system).values()) >= N_JOBS * N_SENTENCES, "the last is reported, behind its sound"
    )
    each = list(spoken_by(system).values())
    assert sum(each) == N_JOBS * N_SENTENCES, "no sentence was spoken twice, with nothing going wrong"
    assert len(each) == N_PROCESSES
    assert min(each) > 0, "all four spoke"


def test_every_sentence_of_every_listener_is_its_own(listeners: list[Listener]) -> None:
    """Not only equal: equal to what the engine says, with the job's own voice and seeds, and to nothing else."""
    for number, listener in enumerate(listeners):
        actual = by_sentence(listener.all())
        expected = [spoken_pcm(s, VOICES[number % len(VOICES)], number + seq) for seq, s in enumerate(text(number))]
        assert list(actual.values()) == expected, f"job {number}"
