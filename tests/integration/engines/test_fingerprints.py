"""Fingerprints of workers whose exact engines give other bytes are shown, and no listener hears two takes as one."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from seriatim.client.job_options import JobRequest
from seriatim.state.pool_record import read_pool
from seriatim.stream_entries import Discontinuity
from tests.http.gateways import start
from tests.integration.faults.test_fenced import end_lease
from tests.support.command_line import seriatim
from tests.support.expected_audio import Listener, by_sentence, sentences, spoken_pcm, stream_of
from tests.support.process_system import RealSystem, alive, wait_until

TEXT = [f"{sentence[:-1]} in many more words than others need." for sentence in sentences(4, "another take")]
OPTIONS: dict[str, object] = {"chunk_ms": 100, "hold_on": "another take one"}
WARNING = "audio differs from the pool's; give each pool one kind of CPU and one version of every package"


@pytest.fixture
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    """A worker of one kind of machine, alone so far."""
    # Only a test ends a lease, or takes a sentence from its process, however busy the machine is.
    system = new_system(lease_ms=60_000, handover_ms=0)
    system.reassembler()
    system.workers(1, name="old", options=OPTIONS)
    return system


def state(system: RealSystem) -> dict[str, Any]:
    (pool,) = json.loads(seriatim("status", "--json", settings=system.settings.to_env()).stdout)
    assert isinstance(pool, dict)
    return pool


def differing(system: RealSystem) -> list[bool]:
    return sorted(bool(worker["audio_differs"]) for worker in state(system)["workers"])


def metric(system: RealSystem) -> list[float]:
    """The metric of the workers, as a gateway reports it."""
    with start(system).client() as http:
        lines = http.get("/metrics").raise_for_status().text.splitlines()
    return sorted(float(line.split()[-1]) for line in lines if line.startswith("seriatim_worker_audio_differs{"))


def enqueue(system: RealSystem, **options: object) -> Listener:
    """A job whose second sentence the old worker has begun, which is the only one so far."""
    listener = Listener(system.producer().enqueue(TEXT, JobRequest.of({"engine": "tone"} | options)))
    wait_until(system.half_spoken, "it is in sentence 1")
    return listener


def killed_with_its_supervisor(system: RealSystem, listener: Listener) -> int:
    """Kill the old worker when some of sentence 1 was heard; only the new one is left. Returns how much was heard."""
    pid = system.stopped_half_spoken()
    n_heard = wait_until(lambda: system.emitted_bytes(listener.job.id, 1), "all that it sent was heard")
    system.children["old"].kill()
    wait_until(lambda: not alive(pid), "it dies with its supervisor")
    end_lease(system, pid)
    wait_until(lambda: len(system.worker_pids()) == 1, "only the new one is left")
    system.gate.touch()
    return n_heard


@pytest.mark.parametrize("hold", ["auto", pytest.param("never", marks=pytest.mark.thorough)])
def test_what_a_worker_of_another_kind_continues_is_marked(system: RealSystem, hold: str) -> None:
    """The half that was heard is the same on both: the checksum of it shows nothing."""
    listener = enqueue(system, hold=hold)
    system.workers(1, name="new", options=OPTIONS | {"variant": 7})
    wait_until(lambda: WARNING in system.log("new"))
    assert WARNING not in system.log("old")
    assert differing(system) == [False, True]
    assert metric(system) == [0, 1]
    n_heard = killed_with_its_supervisor(system, listener)
    pcm = by_sentence(listener.all())
    assert [entry.seq for entry in listener.entries if isinstance(entry, Discontinuity)] == [1]
    assert [entry.offset for entry in listener.entries if isinstance(entry, Discontinuity)] == [n_heard]
    assert listener.job.marks() == {1: ("another_take",)}
    assert system.count("marked_another_take") == 1
    own = [spoken_pcm(sentence, seed=seq) for seq, sentence in enumerate(TEXT)]
    assert [len(pcm[seq]) for seq in range(4)] == [len(each) for each in own]
    assert (pcm[0], pcm[1][:n_heard]) == (own[0], own[1][:n_heard])
    assert [pcm[seq] == own[seq] for seq in (1, 2, 3)] == [False] * 3, "the new one's sound"
    assert differing(system) == [False], "the last of the old kind is gone: the pool is of the new one"


@pytest.mark.thorough
def test_what_a_worker_of_the_same_kind_continues_is_not(system: RealSystem) -> None:
    listener = enqueue(system)
    system.workers(1, name="new", options=OPTIONS)
    wait_until(lambda: " ready " in system.log("new"))
    assert WARNING not in system.log("new")
    assert differing(system) == [False, False]
    killed_with_its_supervisor(system, listener)
    assert b"".join(by_sentence(listener.all()).values()) == stream_of(TEXT)
    assert not [entry for entry in listener.entries if isinstance(entry, Discontinuity)]
    assert listener.job.marks() == {}


@pytest.mark.thorough
def test_an_engine_that_is_not_exact_has_no_fingerprint(system: RealSystem) -> None:
    system.workers(1, name="vague", options={"continuity": "none"})
    assert sorted(bool(worker["fingerprint"]) for worker in state(system)["workers"]) == [False, True]
    assert differing(system) == [False, False]
    with system.redis as client:
        assert len(read_pool(client, "tone").fingerprint) == 16
