"""Continuity with engines that do not repeat themselves: what a listener hears when a worker is killed in one."""

from collections.abc import Callable

import pytest

from gateway.cli.render.status_tables import job_lines
from gateway.cli.render.timeline_plot import draw_timeline
from seriatim import job_timeline
from seriatim.client.job_options import JobRequest
from seriatim.stream_entries import Discontinuity
from tests.support.expected_audio import Listener, by_sentence, longest_step, sentences, spoken_pcm
from tests.support.process_system import RealSystem, wait_until

COST: dict[str, object] = {"chunk_ms": 100, "hold_on": "another take one"}
TEXT = [f"{sentence[:-1]} in many more words than others need." for sentence in sentences(4, "another take")]
LEASE_MS = (
    60_000  #: a process that dies is missed by its supervisor; its lease must not end before, however busy the machine
)
LENGTHS = [len(spoken_pcm(sentence)) for sentence in TEXT]


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    system = new_system(lease_ms=LEASE_MS)
    system.reassembler()
    for pool, options in {
        "none": {"continuity": "none"},
        "resumable": {"continuity": "resumable"},
        "liar": {"vary_on": "take"},
    }.items():
        system.workers(1, name=pool, pool=pool, options=COST | options)
    return system


def killed_in_mid_sentence(system: RealSystem, pool: str, listener: Listener, *, partly_heard: bool) -> None:
    """Kill the worker of a pool in the middle of sentence 1; `partly_heard`: when some of it is heard already."""
    wait_until(lambda: listener.job.status().emitted == 1, "it is in sentence 1")
    system.kill_half_spoken(pool, partly_heard=partly_heard)
    system.gate.touch()


def enqueue(system: RealSystem, pool: str, **options: object) -> Listener:
    request = JobRequest.of({"engine": "tone", "pool": pool, "kind": "batch", "drain": "window"} | options)
    system.gate.unlink(missing_ok=True)
    return Listener(system.producer().enqueue(TEXT, request))


def lengths(listener: Listener) -> list[int]:
    return [len(pcm) for pcm in by_sentence(listener.all()).values()]


def discontinuities(listener: Listener) -> list[int]:
    return [entry.seq for entry in listener.entries if isinstance(entry, Discontinuity)]


def test_by_default_such_a_sentence_is_held_until_it_is_whole(system: RealSystem) -> None:
    lost = system.attempts_lost("none")
    listener = enqueue(system, "none")
    killed_in_mid_sentence(system, "none", listener, partly_heard=False)
    assert lengths(listener) == LENGTHS
    assert discontinuities(listener) == []
    assert system.attempts_lost("none") == lost + 1


def test_a_listener_who_would_rather_not_wait_hears_two_takes_and_learns_where(system: RealSystem) -> None:
    listener = enqueue(system, "none", hold="never")
    killed_in_mid_sentence(system, "none", listener, partly_heard=True)
    assert lengths(listener) == LENGTHS
    assert discontinuities(listener) == [1]


def test_a_resumable_engine_goes_on_without_a_seam(system: RealSystem) -> None:
    """Every take has another phase: where two were glued together, the wave would jump."""
    lost = system.attempts_lost("resumable")
    listener = enqueue(system, "resumable")
    killed_in_mid_sentence(system, "resumable", listener, partly_heard=True)
    assert lengths(listener) == LENGTHS
    assert discontinuities(listener) == []
    assert system.attempts_lost("resumable") == lost + 1
    pcm = by_sentence(listener.entries)
    usual = max(longest_step(pcm[seq]) for seq in (0, 2, 3))
    assert longest_step(pcm[1]) <= usual * 1.5


def test_what_an_engine_doubted_is_kept_with_the_job_and_counted(system: RealSystem) -> None:
    system.workers(1, name="doubtful", pool="doubtful", options={"doubt_on": "perhaps"})
    job = system.producer().enqueue(
        "This is certain. This is perhaps not. This is certain again.",
        JobRequest.of({"engine": "tone", "pool": "doubtful"}),
    )
    assert len(Listener(job).pcm())
    assert job.marks() == {1: ("doubted",)}
    assert system.count("marked_doubted", "doubtful") == 1


def test_a_sentence_that_is_far_too_short_is_marked_whatever_spoke_it(system: RealSystem) -> None:
    """Words must be missing then, and the job alone would say that all went well."""
    system.workers(1, name="hasty", pool="hasty", options={"ms_per_char": 5})
    text = ["Yes.", "This sentence has rather more words."]
    job = system.producer().enqueue(text, JobRequest.of({"engine": "tone", "pool": "hasty"}))
    assert len(Listener(job).pcm())
    assert job.marks() == {1: ("short",)}
    assert job.status().doubtful == 1
    assert "1 doubtful" in job_lines(job.status())
    assert system.count("marked_short", "hasty") == 1
    with system.redis as client:
        timeline = job_timeline.read(client, "hasty", job.id)
    assert [(doubt.seq, doubt.mark) for doubt in timeline.marked] == [(1, "short")]
    assert "marked: sentence 1 short" in draw_timeline(timeline, job.id).svg()


def test_an_engine_that_promised_the_same_and_gave_another_is_found_out(system: RealSystem) -> None:
    """It says that it is repeatable, so nothing is held; the checksum of what was heard tells the takes apart."""
    listener = enqueue(system, "liar")
    killed_in_mid_sentence(system, "liar", listener, partly_heard=True)
    assert lengths(listener) == LENGTHS
    assert discontinuities(listener) == [1]
