"""Whoever speaks a job, and whoever else is speaking: the listener hears the same bytes."""

from collections.abc import Callable

import pytest

from seriatim.records import Kind
from tasks.handle import Job
from tasks.request import Request
from tests.listening import Listener, by_sentence, sentences, spoken
from tests.systems import RealSystem

N_JOBS = 50
N_SENTENCES = 6
VOICES = ("alto", "tenor", "bass", "flute", "organ")
LIVE_ONES = 10  #: all of them would be more than the pool can promise to serve without a stall


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    """One server with two pools: four processes, and one alone."""
    system = new_system()
    system.reassembler()
    system.workers(1, name="solo", pool="solo")
    system.workers(4, name="choir", pool="choir", options={"fixed_ms": 20})
    return system


def text(number: int) -> list[str]:
    return sentences(N_SENTENCES, f"listener{number:02d}")


def enqueue(system: RealSystem, pool: str) -> list[Job]:
    producer = system.producer()
    return [
        producer.enqueue(
            text(number),
            Request(
                pool=pool,
                user=f"user{number % 7}",
                voice=VOICES[number % len(VOICES)],
                seed=number,
                kind=Kind.LIVE if number < LIVE_ONES else Kind.BATCH,
            ),
        )
        for number in range(N_JOBS)
    ]


def test_fifty_jobs_at_once_on_four_processes_sound_as_each_does_from_one(system: RealSystem) -> None:
    at_once = [Listener(job) for job in enqueue(system, "choir")]
    choir = [listener.pcm() for listener in at_once]
    alone = [Listener(job).pcm() for job in enqueue(system, "solo")]

    assert choir == alone
    assert len(set(choir)) == N_JOBS
    with system.redis as client:
        spoken_by = [int(client.hget(f"seriatim:1:{{p:choir}}:w:{owner}", "spoken")) for owner in owners(system)]
    assert len(spoken_by) == 4
    assert sum(spoken_by) == N_JOBS * N_SENTENCES, "no sentence was spoken twice, with nothing going wrong"
    assert min(spoken_by) > 0, "all four spoke"


def test_every_sentence_of_every_listener_is_its_own(system: RealSystem) -> None:
    """Not only equal: equal to what the engine says, with the job's own voice and seeds, and to nothing else."""
    for number, job in enumerate(enqueue(system, "choir")):
        heard = by_sentence(Listener(job).all())
        wanted = [spoken(s, VOICES[number % len(VOICES)], number + seq) for seq, s in enumerate(text(number))]
        assert list(heard.values()) == wanted, f"job {number}"


def owners(system: RealSystem) -> list[str]:
    return list(system.worker_pids("choir"))
