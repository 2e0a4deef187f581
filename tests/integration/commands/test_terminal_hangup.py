"""A hangup of the terminal ends each process in order, as SIGTERM does."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seriatim.client.job_options import JobRequest
from tests.support.expected_audio import Listener
from tests.support.process_system import RealSystem, alive, wait_until


@pytest.fixture
def system(new_system: Callable[..., RealSystem]) -> Iterator[RealSystem]:
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # children inherit that it is ignored, as under nohup
    with new_system(lease_ms=60_000) as system:  # its worker is there, however busy the machine is
        yield system
    signal.signal(signal.SIGHUP, before)


def test_workers_and_reassemblers_end(system: RealSystem) -> None:
    system.reassembler()
    system.workers(1)
    Listener(system.producer().enqueue(["Here."], JobRequest.of({"engine": "tone"}))).all()
    assert system.end("workers", signal.SIGHUP) == 0
    assert system.end("reassembler", signal.SIGHUP) == 0
    assert system.worker_pids() == {}, "it left in order"


@pytest.mark.thorough
def test_a_single_worker_process_ends_and_another_is_started(system: RealSystem) -> None:
    """Celery would start it anew under its own process id, with its threads torn out."""
    system.reassembler()
    system.workers(1)
    Listener(system.producer().enqueue(["Here."], JobRequest.of({"engine": "tone"}))).all()
    (pid,) = system.worker_pids().values()
    os.kill(pid, signal.SIGHUP)
    wait_until(lambda: not alive(pid), "it ends")
    wait_until(lambda: system.worker_pids() and pid not in system.worker_pids().values(), "another is there")


@pytest.mark.thorough
@pytest.mark.parametrize("command", ["serve", "flower"])
def test_what_serves_pages_ends(system: RealSystem, tmp_path: Path, command: str) -> None:
    (tmp_path / "password").write_text("of nobody\n", "utf-8")
    system.start(command, "-m", "gateway.cli.main", command, "--port", "0", flower_password_file=tmp_path / "password")
    wait_until(lambda: "http://" in system.log(command), "it serves")
    assert system.end(command, signal.SIGHUP) == 0
