"""The simulator, 200 runs: every fault of a seed, over the real scripts on a real server. A failure prints its seed.

A seed that once failed is not listed here: its fix has a test of its own, and the seeds below are many.
"""

import re
from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest

from seriatim.engine import Continuity
from seriatim.records import DrainMode
from tests.simulator import run as simulation
from tests.simulator.__main__ import totals
from tests.simulator.faults import LOGGED, newest_log, tear
from tests.simulator.plan import Memory, draw
from tests.simulator.run import Failed, history, play
from tests.simulator.scheduler import POOL, Violation
from tests.support.redis_servers import PrivateServer, debian, embedded

SEEDS = range(1, 201)
CHUNK = 20  #: runs a test: seconds, also on a machine that has other work
FIRST, *OTHERS = SEEDS[::CHUNK]


def some_server(number: int) -> PrivateServer:
    """Seeds take turns with the two servers; where the distribution's Redis is missing, Valkey runs all of them."""
    return PrivateServer((debian() if number % 2 else None) or embedded(), *LOGGED)


@pytest.fixture
def server() -> Iterator[PrivateServer]:
    with some_server(0) as server:
        yield server


@pytest.mark.parametrize("first", [FIRST, *(pytest.param(n, marks=pytest.mark.thorough) for n in OTHERS)])
def test_every_job_is_heard_whole_and_ends_once_whatever_dies(first: int) -> None:
    with some_server(first // CHUNK) as server:
        for seed in range(first, first + CHUNK):
            play(draw(seed), server)


def test_one_seed_replays_one_run(server: PrivateServer) -> None:
    for seed in (3, 5):  # without and with restarts of the server
        once, again = play(draw(seed), server), play(draw(seed), server)
        assert [_plainly(line) for line in history(once)] == [_plainly(line) for line in history(again)]


def _plainly(line: str) -> str:
    """Without what the server draws: ids of its run and its history, of notifications, the first attempt, also cut."""
    return re.sub(r"[0-9a-f]{40}(:[0-9a-f]*)?|'\d{13}-\d+'|\b\d{14}\b|\b\d+(?=\.\.\.)", "*", line)


def test_a_failing_seed_says_how_to_see_it_again(server: PrivateServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "MOST_STEPS", 300)  # no run is through so soon
    with pytest.raises(Failed) as failure:
        play(draw(7), server)
    assert "seed 7: not everything ended" in str(failure.value)
    assert "python -m tests.simulator --first 7 --seeds 1 --history" in str(failure.value)
    assert "make sim SEEDS=1 FIRST=7" in str(failure.value)
    assert re.search(r"^ +\d+ +\d+  \w+", str(failure.value), re.MULTILINE), "the last steps, one a line"


def test_a_report_says_what_happened_to_the_job_that_it_is_about(
    server: PrivateServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def complain(_run: simulation.Run) -> None:
        raise Violation("job s7j0: something")

    monkeypatch.setattr("tests.simulator.check.final", complain)
    with pytest.raises(Failed) as failure:
        play(draw(7), server)
    report = str(failure.value)
    head, steps = report.split("the last of ")
    assert "s7j0, and faults, before the last steps:" in head
    assert len(report.splitlines()) < 100, "no reader wants more"
    assert max(map(len, steps.splitlines())) < 1_000


def test_a_lie_in_the_books_is_found(server: PrivateServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks themselves: a lease that no process took is noticed at once."""

    def meddle(run: simulation.Run, _server: PrivateServer) -> None:
        if run.world.steps == 200:
            run.world.redis.zadd(f"seriatim:1:{{p:{POOL}}}:lease", {"nobody|0": 4e12})

    monkeypatch.setattr("tests.simulator.faults.apply", meddle)
    with pytest.raises(Failed, match=r"leases \[.*'nobody\|0'.*\]|in flight with \d+ leases"):
        play(draw(2), server)


def test_a_cut_log_loses_what_was_said_to_be_cut() -> None:
    with some_server(1) as server:
        with server.client() as client:
            for number in range(50):
                client.set(f"k{number}", number, ex=60)
        server.kill()
        lost = tear(newest_log(server.directory), Random(5))
        server.start()
        with server.client() as client:
            assert client.dbsize() == 50 - lost
    assert 0 < lost < 50


def test_a_plan_is_drawn_whole_from_its_seed() -> None:
    assert draw(11) == draw(11)
    plans = [draw(seed) for seed in range(1, 201)]
    assert any(plan.calm for plan in plans)
    assert any(plan.outages for plan in plans)
    assert any(plan.jumps for plan in plans)
    assert any(plan.flushes for plan in plans)
    assert {plan.machines for plan in plans} == {1, 2}
    assert any(job.varied for plan in plans for job in plan.jobs)
    assert {room for plan in plans for _, room in plan.memory} == set(Memory)
    assert sum(len(plan.redis_kills) for plan in plans) > 60
    assert {(job.continuity, job.drain) for plan in plans for job in plan.jobs} == {
        (continuity, drain) for continuity in Continuity for drain in DrainMode
    }
    assert any(line.poison for plan in plans for job in plan.jobs for line in job.lines)


def test_the_totals_are_one_line() -> None:
    assert totals(Counter(kills=3, runs=2, steps=40)) == "2 runs, 3 kills, 40 steps"
