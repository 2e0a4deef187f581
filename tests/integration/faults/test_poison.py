"""A poison sentence kills each worker that speaks it. It is given up after its failures; no other sentence suffers."""

from collections.abc import Callable

import pytest

from seriatim.audio.pcm import bytes_of_ms
from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.errors import JobFailed
from seriatim.keys import pool_prefix
from seriatim.stream_entries import Gap
from tests.support.expected_audio import PAUSE_MS, RATE_HZ, Listener, by_sentence, sentences, spoken_pcm
from tests.support.process_system import RealSystem, wait_until

POISON = "This sentence is venom to every process."
WHY = "the worker process died while speaking it"
CRASH = {"crash_on": "venom", "fixed_ms": 150}


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    system = new_system(max_failures=2, lease_ms=10_000)  # a process that gets no turn for seconds has failed nothing
    system.reassembler()
    return system


def enqueue(system: RealSystem, pool: str, text: list[str], gap: str) -> Job:
    options = {"engine": "tone", "pool": pool, "kind": "batch", "drain": "window", "gap": gap}
    return system.producer().enqueue(text, JobRequest.of(options))


def dead(system: RealSystem, pool: str) -> list[str]:
    with system.redis as client:
        return [name.decode() for name in client.hkeys(f"{pool_prefix(pool)}:dead")]


TEXT = [*sentences(2, "before"), POISON, *sentences(2, "behind")]


def test_by_default_the_job_fails_and_says_which_sentence_and_why(system: RealSystem, pool: str) -> None:
    system.workers(2, name=pool, pool=pool, options=CRASH)
    listener = Listener(enqueue(system, pool, TEXT, "fail"))
    with pytest.raises(JobFailed, match=rf"^job {listener.job.id} failed: sentence 2: {WHY}$"):
        listener.all()
    by_seq = list(by_sentence(listener.entries).values())
    assert by_seq[:2] == [spoken_pcm(s, seed=n) for n, s in enumerate(TEXT[:2])], "what was before it was heard"
    assert listener.job.status().state == "failed"
    assert dead(system, pool) == [f"{listener.job.id}|2"]


@pytest.mark.thorough
@pytest.mark.parametrize("policy", ["skip", "silence"])
def test_a_gap_is_marked_and_the_rest_is_heard(system: RealSystem, pool: str, policy: str) -> None:
    system.workers(2, name=pool, pool=pool, options=CRASH)
    listener = Listener(enqueue(system, pool, TEXT, policy))
    entries = listener.all()
    by_seq = by_sentence(entries)
    whole = [spoken_pcm(s, seed=n) for n, s in enumerate(TEXT)]

    assert [by_seq[n] for n in (0, 1, 3, 4)] == [whole[n] for n in (0, 1, 3, 4)]
    (gap,) = [entry for entry in entries if isinstance(entry, Gap)]
    assert (gap.seq, gap.reason, gap.offset) == (2, WHY, len(by_seq[2]))
    kept = by_seq[2].rstrip(b"\0")
    assert whole[2].startswith(kept), "what was heard of it before it killed its process stays"
    assert len(kept) < len(whole[2]) - bytes_of_ms(PAUSE_MS, RATE_HZ)
    if policy == "silence":
        assert 0.5 < len(by_seq[2]) / len(whole[2]) < 2, "about as long as it would have been"


@pytest.mark.thorough
def test_neighbours_in_a_process_that_dies_run_alone_and_survive(system: RealSystem, pool: str) -> None:
    """One process speaks three sentences at once, and one kills it: which one is unknown before they run alone."""
    system.workers(1, name=pool, pool=pool, slots=3, options=CRASH | {"fixed_ms": 400})
    text = [POISON, *sentences(5, "neighbour")]
    listener = Listener(enqueue(system, pool, text, "skip"))
    by_seq = by_sentence(listener.all())
    assert [by_seq[n] for n in range(1, 6)] == [spoken_pcm(s, seed=n) for n, s in enumerate(text)][1:]
    assert [entry.seq for entry in listener.entries if isinstance(entry, Gap)] == [0]
    assert dead(system, pool) == [f"{listener.job.id}|0"], "only the guilty one was given up"
    exits = "once with neighbours, then alone until given up"
    wait_until(lambda: system.log(pool).count("worker process exited") >= 3, exits)
