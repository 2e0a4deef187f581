"""Worker processes: one engine each, as many cores as there are processes, drained in order, replaced when stuck."""

import os
import re
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seriatim.keys import pool_prefix
from tasks.handle import Job
from tasks.request import Request
from tests.listening import Listener, sentences, stream_of
from tests.systems import RealSystem, alive, wait_until

ENOUGH = 0.8  #: of the speed-up that two bare processes have in the same minute, on a machine that others use, too
WORK_MS = 80.0
N_WORK = 6
BURN = """
import sys
from workers.engines.tone_cost import Cost
Cost(True, lambda: False).pay(float(sys.argv[1]) / 1000)
sys.stdout.write("done")
"""


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    system = new_system()
    system.reassembler()
    return system


@pytest.fixture
def pool(request: pytest.FixtureRequest, system: RealSystem) -> Iterator[str]:
    """A pool of this test's own; its workers end with the test."""
    name = re.sub(r"\W+", "-", request.node.name)[-50:].strip("-").lower()
    yield name
    for child in [child for child in system.children if child.startswith(name)]:
        system.end(child, signal.SIGKILL)


def enqueue(system: RealSystem, pool: str, text: list[str], **options: object) -> Job:
    return system.producer().enqueue(text, Request.of({"engine": "tone", "pool": pool, "kind": "batch"} | options))


def spoken_by(system: RealSystem, job: Job) -> dict[str, int]:
    """How many sentences of a job each owner finished."""
    with system.redis as client:
        fields = client.hgetall(f"{pool_prefix(job.pool)}:j:{job.id}")
    return {name[3:].decode(): int(n) for name, n in fields.items() if name.startswith(b"by:")}


def test_a_worker_is_told_where_its_redis_is(system: RealSystem, pool: str) -> None:
    """Its processes go there, too, the first ones and those that come after them."""
    url, command = system.settings.redis_url, ["worker", "--engine", "tone", "--pool", pool]
    system.start(pool, "-m", "gateway.cli", *command, "--redis", url, redis_url="redis://127.0.0.1:1/0")
    first = wait_until(lambda: system.worker_pids(pool), "it registers")
    for pid in first.values():
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: set(system.worker_pids(pool)) - set(first), "another takes its place")


def test_every_process_loads_its_engine_once(system: RealSystem, pool: str) -> None:
    system.workers(3, name=pool, pool=pool)
    text = sentences(20, "loads")
    assert Listener(enqueue(system, pool, text)).pcm() == stream_of(text)
    loaded = re.findall(r"ready owner='([^']+)'", system.log(pool))
    assert sorted(loaded) == sorted(system.worker_pids(pool)), "loads = processes"
    assert len(set(loaded)) == len(loaded) == 3


def test_two_processes_on_two_cores_do_about_twice_the_work(system: RealSystem, pool: str) -> None:
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("this machine has one core")
    burning = {"fixed_ms": WORK_MS, "burn": 1, "ms_per_char": 5}
    for processes in (1, 2):
        system.workers(processes, name=f"{pool}{processes}", pool=f"{pool}{processes}", options=burning)
    rounds = [(speed_up(lambda n: speak(system, f"{pool}{n}")), speed_up(burn)) for _ in range(3)]
    ours, bare = (statistics.median(of_one) for of_one in zip(*rounds, strict=True))
    assert ours > ENOUGH * bare, f"{ours:.2f} times the work of one; two bare processes did {bare:.2f} times"


def speed_up(work: Callable[[int], object]) -> float:
    taken_s = []
    for processes in (1, 2):
        began_s = time.monotonic()
        work(processes)
        taken_s.append(time.monotonic() - began_s)
    return taken_s[0] / taken_s[1]


def speak(system: RealSystem, pool: str) -> None:
    Listener(enqueue(system, pool, sentences(N_WORK, "burning", n_words=3))).pcm()


def burn(processes: int) -> None:
    """The same work without us."""
    command = [sys.executable, "-c", BURN, str(WORK_MS * N_WORK / processes)]
    cwd = Path(__file__).parents[2]
    for process in [subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE) for _ in range(processes)]:
        assert process.communicate()[0] == b"done"


def test_sigterm_finishes_the_sentence_takes_no_more_and_leaves_the_pool(system: RealSystem, pool: str) -> None:
    leaving = system.workers(1, name=f"{pool}-leaving", pool=pool, options={"fixed_ms": 1_200})
    (owner,) = system.worker_pids(pool)
    text = sentences(4, "drained")
    job = enqueue(system, pool, text)
    wait_until(lambda: system.speaking_pids(pool), "it speaks")

    leaving.send_signal(signal.SIGTERM)
    wait_until(lambda: system.slots(pool) == 0, "nothing more is meant for it")
    assert system.speaking_pids(pool), "its sentence is not over yet"
    assert leaving.wait(15) == 0
    assert spoken_by(system, job) == {owner: 1}
    assert system.worker_pids(pool) == {}

    system.workers(1, name=f"{pool}-next", pool=pool)
    assert Listener(job).pcm() == stream_of(text)
    assert system.count("done", pool) == len(text)
    with system.redis as client:
        assert client.hgetall(f"{pool_prefix(pool)}:dead") == {}


def test_a_stuck_engine_ends_its_process_and_the_sentence_is_spoken_elsewhere(
    system: RealSystem, pool: str, tmp_path: Path
) -> None:
    stuck = {"stuck_on": "Lethe", "stuck_times": 1, "tally": tmp_path}
    system.workers(1, name=pool, pool=pool, options=stuck, stuck_floor_ms=400)
    (pid,) = system.worker_pids(pool).values()
    text = [*sentences(2, "before"), "Who drinks of Lethe forgets.", *sentences(2, "behind")]
    assert Listener(enqueue(system, pool, text)).pcm() == stream_of(text)
    assert not alive(pid)
    assert "stuck job=" in system.log(pool)
    assert "a worker process ended owner=" in system.log(pool)
    assert "status=70" in system.log(pool)


def test_failures_back_off_and_hold_nobody_else_up(system: RealSystem, pool: str) -> None:
    """Two failures with a back-off of 300 ms: the third attempt begins 300 + 600 ms after the first, or later."""
    failing = {"fail_on": "stumble", "fail_times": 2}
    system.workers(1, name=pool, pool=pool, options=failing, backoff_ms=300)
    text = ["Horses stumble over stones.", *sentences(3, "others")]
    job = enqueue(system, pool, text)
    listener = Listener(job)
    wait_until(lambda: system.count("done", pool) >= 3, "the others are spoken")
    assert job.status().emitted == 0, "the first one is not: it waits for another attempt"
    began_s = wait_until(lambda: time.monotonic() if system.count("retries", pool) else None)
    assert listener.pcm() == stream_of(text)
    assert time.monotonic() - began_s > 0.3, "the second back-off at least"
    assert system.count("retries", pool) == 2
