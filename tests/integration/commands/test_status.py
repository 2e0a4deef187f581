"""`seriatim status` on a running system: what a worker holds, which jobs are late, what is dead."""

import json
import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import seriatim
from tests.support.expected_audio import sentences
from tests.support.process_system import RealSystem, wait_until

SLOTS = 4  #: three listeners have room, also if sentences took long on a busy machine


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    # No sentence is given up but for its own failure, however busy the machine is.
    system = new_system("--maxmemory", "300mb", max_failures=1, lease_ms=60_000, message_timeout_ms=60_000)
    system.reassembler()
    system.workers(1, slots=SLOTS, options={"rtf": 0.5, "chunk_ms": 100, "fail_on": "venom"})
    return system


def status_of(system: RealSystem) -> dict[str, Any]:
    (tone,) = json.loads(seriatim("status", "--json", settings=system.settings.to_env()).stdout)
    assert isinstance(tone, dict)
    return tone


def age_s(pid: int) -> float:
    """How long there has been such a process, in s, rounded up to a whole second."""
    began_ticks = int(Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[19])
    machine_s = float(Path("/proc/uptime").read_text("ascii").split()[0])
    return math.ceil(machine_s - began_ticks / os.sysconf("SC_CLK_TCK"))


def test_workers_say_what_they_hold_and_how_long_they_are_up(system: RealSystem) -> None:
    owner, pid = next(iter(system.worker_pids().items()))

    def shown() -> tuple[dict[str, Any], str] | None:
        """A worker, and what is drawn, once both have its memory: it grows a little, and is known seconds later."""
        (worker,) = status_of(system)["workers"]
        drawn = seriatim("status", settings=system.settings.to_env()).stdout.decode()
        drawn_mb = re.search(r"(\d+) MB *$", next(line for line in drawn.splitlines() if owner[-8:] in line))
        same = worker["memory_bytes"] and drawn_mb and abs(int(drawn_mb[1]) - worker["memory_bytes"] / 1e6) < 20
        return (worker, drawn) if same else None

    found, drawn = wait_until(shown, "both show its memory")
    assert (found["owner"], found["pid"], found["slots"]) == (owner, pid, SLOTS)
    assert 10e6 < found["memory_bytes"] < 1e9
    assert found["gpu_utilization"] is None
    assert 0 < found["up_s"] <= age_s(pid)
    assert "of 315 MB" in drawn, "300 MiB are Redis' limit"


@pytest.mark.thorough
def test_the_job_that_runs_dry_first_stands_first(system: RealSystem) -> None:
    jobs = [system.enqueue(sentences(40, f"listener {n}"), window_ms=3_000, user=f"u{n}") for n in range(3)]
    wait_until(lambda: all(job.status().emitted for job in jobs))
    listed = status_of(system)["jobs"]
    due = [job["due_s"] for job in listed if job["due_s"] is not None]
    assert len(due) == 3
    assert due == sorted(due)
    assert status_of(system)["n_jobs"] == 3
    for job in jobs:
        job.cancel()


@pytest.mark.thorough
def test_a_listener_who_hears_what_is_spoken_holds_his_share(system: RealSystem) -> None:
    job = system.enqueue(sentences(3, "of what is spoken long before anybody who listens to it has heard its end"))
    wait_until(lambda: status_of(system)["held"] > 0, "it is spoken and not yet heard")
    shown = seriatim("status", settings=system.settings.to_env()).stdout.decode()
    assert " + held 0." in shown
    job.report_played(60_000)
    wait_until(lambda: status_of(system)["held"] == 0, "it was heard")


def test_the_dead_are_counted_until_they_are_looked_at(system: RealSystem) -> None:
    job = system.enqueue(["There is venom in this."])
    wait_until(lambda: job.status().ended)
    assert (status_of(system)["dead"], status_of(system)["given_up"]) == (1, 1)
    assert (
        "1 dead letter: seriatim dead-letters" in seriatim("status", settings=system.settings.to_env()).stdout.decode()
    )
