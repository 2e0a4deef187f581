"""Worker processes: one engine each, as many cores as there are processes, drained in order, replaced when stuck."""

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from seriatim import job_timeline
from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.keys import pool_prefix
from tests.support.expected_audio import Listener, sentences, stream_of
from tests.support.process_system import HOLD, PATIENCE_S, RealSystem, alive, wait_until

HANDOVER_MS = 1_500  #: more than a speaking process on a busy machine is kept waiting for


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    system = new_system(lease_ms=60_000)  # who is registered stays so, however busy the machine is
    system.reassembler()
    return system


def enqueue(system: RealSystem, pool: str, text: list[str], **options: object) -> Job:
    return system.producer().enqueue(text, JobRequest.of({"engine": "tone", "pool": pool, "kind": "batch"} | options))


def spoken_by(system: RealSystem, job: Job) -> dict[str, int]:
    """How many sentences of a job each owner finished."""
    with system.redis as client:
        fields = client.hgetall(f"{pool_prefix(job.pool)}:j:{job.id}")
    return {name[3:].decode(): int(n) for name, n in fields.items() if name.startswith(b"by:")}


@pytest.mark.thorough
def test_a_worker_takes_the_address_of_its_redis(system: RealSystem, pool: str) -> None:
    """Its processes go there, too, the first ones and those that come after them."""
    url, command = system.settings.redis_url, ["worker", "--engine", "tone", "--pool", pool]
    system.start(pool, "-m", "gateway.cli.main", *command, "--redis", url, redis_url="redis://127.0.0.1:1/0")
    first = wait_until(lambda: system.worker_pids(pool), "it registers")
    for pid in first.values():
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: set(system.worker_pids(pool)) - set(first), "another takes its place")


def test_every_process_loads_its_engine_once(system: RealSystem, pool: str) -> None:
    system.workers(3, name=pool, pool=pool)
    text = sentences(20, "loads")
    assert Listener(enqueue(system, pool, text)).pcm() == stream_of(text)

    def loads() -> list[str]:
        """The processes that say that they are ready: a moment after they are registered."""
        return re.findall(r"ready owner='([^']+)'", system.log(pool))

    wait_until(lambda: len(loads()) >= 3, "all three say so")
    loaded = loads()
    assert sorted(loaded) == sorted(system.worker_pids(pool)), "loads = processes"
    assert len(set(loaded)) == len(loaded) == 3


def test_a_long_sentence_in_one_process_holds_no_other_up(system: RealSystem, pool: str) -> None:
    """What that is worth on two cores is measured where nothing else runs: `bench.scaling`."""
    system.workers(2, name=pool, pool=pool)
    text = [*system.held([]), *sentences(9, "meanwhile")]
    job = enqueue(system, pool, text)
    wait_until(lambda: system.count("done", pool) == 9, "the other process speaks all the rest")
    (busy,) = system.speaking_pids(pool)
    assert spoken_by(system, job) == {owner: 9 for owner, pid in system.worker_pids(pool).items() if pid != busy}
    system.gate.touch()
    assert Listener(job).pcm() == stream_of(text)


def test_sigterm_finishes_the_sentence_takes_no_more_and_leaves_the_pool(system: RealSystem, pool: str) -> None:
    leaving = system.workers(1, name=f"{pool}-leaving", pool=pool)
    (owner,) = system.worker_pids(pool)
    text = [*system.held([]), *sentences(3, "drained")]
    job = enqueue(system, pool, text)
    wait_until(lambda: system.speaking_pids(pool), "it speaks")

    leaving.send_signal(signal.SIGTERM)
    wait_until(lambda: system.slots(pool) == 0, "nothing more is meant for it")
    assert system.speaking_pids(pool), "its sentence is not over yet"
    system.gate.touch()
    assert leaving.wait(PATIENCE_S) == 0
    assert spoken_by(system, job) == {owner: 1}
    assert system.worker_pids(pool) == {}

    system.workers(1, name=f"{pool}-next", pool=pool)
    assert Listener(job).pcm() == stream_of(text)
    wait_until(lambda: system.count("done", pool) == len(text), "the last one is reported, behind its sound")
    with system.redis as client:
        assert client.hgetall(f"{pool_prefix(pool)}:dead") == {}


#: `python -m workers`, which gets SIGTERM within each start of a worker process, before it knows that process
SIGTERM_WHILE_STARTING = """
import signal, sys
from seriatim.process.forked_process import allow_forks
from workers import __main__, supervisor

def start_and_be_stopped(plan, fork=supervisor.fork_process):
    child = fork(plan)
    signal.raise_signal(signal.SIGTERM)
    return child

allow_forks()
supervisor.fork_process = start_and_be_stopped
sys.exit(__main__.main(sys.argv[1:]))
"""


def test_sigterm_while_a_process_starts_ends_that_process_too(system: RealSystem, pool: str) -> None:
    starting = system.start(pool, "-c", SIGTERM_WHILE_STARTING, "--engine", "tone", "--pool", pool)
    assert starting.wait(PATIENCE_S) == 0
    assert "workers start" in system.log(pool)
    assert system.worker_pids(pool) == {}


def test_what_outlasts_the_drain_time_is_handed_back(system: RealSystem, pool: str) -> None:
    leaving = system.workers(1, name=f"{pool}-leaving", pool=pool, worker_drain_s=0.3)
    text = [*sentences(2, "before"), *system.held([]), *sentences(2, "behind")]
    job = enqueue(system, pool, text)
    wait_until(lambda: system.count("done", pool) == 2 and system.speaking_pids(pool), "it speaks the held one")
    leaving.send_signal(signal.SIGTERM)
    assert leaving.wait(PATIENCE_S) == 0, "though its sentence does not end"
    assert "drain timed out; unfinished sentences handed back" in system.log(f"{pool}-leaving")
    assert system.worker_pids(pool) == {}

    system.gate.touch()
    system.workers(1, name=f"{pool}-next", pool=pool)
    assert Listener(job).pcm() == stream_of(text)
    wait_until(lambda: system.count("done", pool) == len(text), "the last one is reported, behind its sound")
    with system.redis as client:
        assert client.hgetall(f"{pool_prefix(pool)}:dead") == {}


def test_a_stuck_engine_ends_its_process_and_the_sentence_is_spoken_elsewhere(
    system: RealSystem, pool: str, tmp_path: Path
) -> None:
    stuck = {"stuck_on": "Lethe", "stuck_times": 1, "tally": tmp_path}
    system.workers(1, name=pool, pool=pool, options=stuck, stall_timeout_ms=400)
    (pid,) = system.worker_pids(pool).values()
    text = [*sentences(2, "before"), "Who drinks of Lethe forgets.", *sentences(2, "behind")]
    assert Listener(enqueue(system, pool, text)).pcm() == stream_of(text)
    assert not alive(pid)
    assert "engine stuck; exiting for restart job=" in system.log(pool)
    assert "worker process exited owner=" in system.log(pool)
    assert "status=70" in system.log(pool)


def test_a_silent_sentence_is_spoken_by_another_process(system: RealSystem, pool: str, tmp_path: Path) -> None:
    """Long before the stall timeout, once the pool knows its engine's silences; the silent process ends later."""
    stuck = {"stuck_on": "Lethe", "stuck_times": 1, "tally": tmp_path}
    system.workers(
        2, name=pool, pool=pool, options=stuck, handover_ms=HANDOVER_MS, heartbeat_ms=50, stall_timeout_ms=600_000
    )
    pids = set(system.worker_pids(pool).values())
    known = sentences(25, "known")
    assert Listener(enqueue(system, pool, known)).pcm() == stream_of(known)
    wait_until(lambda: system.count("done", pool) == len(known), "the last one is reported, behind its sound")

    text = ["Who drinks of Lethe forgets.", *sentences(2, "behind")]
    job = enqueue(system, pool, text, kind="live")
    assert Listener(job).pcm() == stream_of(text)
    line = "engine silent; another process speaks the sentence, too job="
    wait_until(lambda: line in system.log(pool), "it says so, while the other one speaks")
    wait_until(lambda: "status=70" in system.log(pool), "the silent process ends")
    wait_until(lambda: set(system.worker_pids(pool).values()) - pids, "another takes its place")
    with system.redis as client:
        # One more where the other process got no turn for so long.
        assert int(client.hget(f"{pool_prefix(pool)}:n", "handed_over") or 0) >= 1
        assert client.hgetall(f"{pool_prefix(pool)}:dead") == {}


def test_failures_back_off_and_hold_no_other_sentence_up(system: RealSystem, pool: str) -> None:
    """A back-off of 300 ms: the second attempt begins 300 ms behind the first one's end, the third 600."""
    failing = {"fail_on": "stumble", "fail_times": 2}
    system.workers(1, name=pool, pool=pool, slots=2, options=failing, backoff_ms=300)
    system.gate.unlink(missing_ok=True)
    text = [f"Horses stumble over the {HOLD}.", *sentences(3, "others")]
    job = enqueue(system, pool, text)
    listener = Listener(job)
    wait_until(lambda: system.count("done", pool) == 3, "the others are spoken")
    assert job.status().emitted == 0, "the first one is not: it waits for another attempt, or for the gate"
    system.gate.touch()
    assert listener.pcm() == stream_of(text)
    assert system.attempts_lost(pool) == 2
    with system.redis as client:
        timeline = job_timeline.read(client, pool, job.id)
    failed = [lost for lost in timeline.lost if "configured failure" in lost.reason]
    first, second = (lost.ended_ms for lost in failed)
    second_began, third_began = (
        failed[1].claimed_ms,
        next(s.claimed_ms for s in timeline.sentences if s.seq == 0),
    )
    assert second_began - first >= 300
    assert third_began - second >= 600
