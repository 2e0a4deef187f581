"""A range of worker processes: a supervisor adds some where sentences wait, and drains them in quiet times."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from seriatim.lua.pool_scripts import signals
from seriatim.lua.script_calls import run
from tests.integration.operation.test_workers import enqueue
from tests.support.expected_audio import Listener, sentences, stream_of
from tests.support.process_system import HOLD, RealSystem, wait_until
from workers.tune.device_name import device_name
from workers.tune.tuned_settings import TunedSetting, TunedSubject, keep_setting

ADDED, DRAINED = "worker processes added", "worker process drained"
PATIENCE_S = 180.0  #: several processes start after one another, on a busy machine


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    # However busy the machine: no held sentence counts as stuck, no process as dead, no reader as gone.
    system = new_system(stall_timeout_ms=600_000, lease_ms=60_000, message_timeout_ms=20_000, reader_grace_s=600)
    system.reassembler()
    return system


def scaled(
    system: RealSystem, pool: str, processes: str, *options: str, engine: str = "tone"
) -> "subprocess.Popen[bytes]":
    """Start a supervisor with a range of processes, and wait for the first of them."""
    usual = ("rate_hz=8000", f"hold_on={HOLD}", f"gate={system.gate}")
    words = [word for option in (*usual, *options) for word in ("--engine-option", option)]
    command = ["-m", "workers", "--engine", engine, "--pool", pool, "--processes", processes, *words]
    child = system.start(pool, *command, worker_look_s=0.1, worker_quiet_s=1.0)
    wait_until(lambda: len(system.worker_pids(pool)) == 1 or child.poll() is not None, "the first is ready")
    return child


def counted(system: RealSystem, pool: str, name: str) -> int:
    with system.redis as client:
        return run(client, signals(pool)).counts.get(name, 0)


def test_batch_work_that_waits_gets_processes_which_are_drained_when_it_is_spoken(
    system: RealSystem, pool: str
) -> None:
    """While the only process cannot go on, another one speaks the rest."""
    child = scaled(system, pool, "1..2")
    first = system.worker_pids(pool)
    text = [*system.held([]), *sentences(6, "behind it")]
    job = enqueue(system, pool, text)
    wait_until(lambda: system.count("done", pool) == 6, "an added process speaks them", PATIENCE_S)
    assert "reason='batch work waits for a slot'" in system.log(pool)
    system.gate.touch()
    assert Listener(job).pcm() == stream_of(text)
    wait_until(lambda: DRAINED in system.log(pool), "it is drained", PATIENCE_S)
    wait_until(lambda: system.worker_pids(pool) == first, "the first one stays", PATIENCE_S)
    assert counted(system, pool, "processes_added") == counted(system, pool, "processes_drained") == 1
    assert "worker process exited" not in system.log(pool), "nothing has died"
    assert child.poll() is None


@pytest.mark.thorough
def test_live_jobs_that_need_nearly_all_slots_get_another_process(system: RealSystem, pool: str) -> None:
    scaled(system, pool, "1..3", "rtf=0.9")
    text = system.held([])
    job = enqueue(system, pool, text, kind="live")
    wait_until(lambda: len(system.worker_pids(pool)) == 2, "one more is enough for it", PATIENCE_S)
    assert "reason='live jobs need nearly all slots'" in system.log(pool)
    system.gate.touch()
    assert Listener(job).pcm() == stream_of(text)
    wait_until(lambda: len(system.worker_pids(pool)) == 1, "it is drained", PATIENCE_S)


@pytest.mark.thorough
def test_an_added_process_that_cannot_start_ends_no_other(system: RealSystem, pool: str, tmp_path: Path) -> None:
    """Its GPU may be full: the processes that speak go on."""
    broken = tmp_path / "broken"
    child = scaled(system, pool, "1..2", f"broken={broken}", engine="tests.integration.operation.fragile_engine")
    first = system.worker_pids(pool)
    broken.touch()
    text = [*system.held([]), *sentences(3, "behind it")]
    job = enqueue(system, pool, text)
    wait_until(lambda: "added worker process could not start" in system.log(pool), "it fails", PATIENCE_S)
    system.gate.touch()
    assert Listener(job).pcm() == stream_of(text)
    assert system.worker_pids(pool) == first
    assert child.poll() is None


def test_slots_are_as_they_were_tuned_and_the_ready_line_says_so(system: RealSystem, pool: str, tmp_path: Path) -> None:
    file, options = tmp_path / "tuned.json", {"rate_hz": "8000"}
    setting = TunedSetting(3, 1, 0, 9.0, 200, "2026-11-29")
    keep_setting(file, TunedSubject.of(device_name("tone", options), "tone", options), setting)
    command = ["-m", "workers", "--engine", "tone", "--pool", pool, "--engine-option", "rate_hz=8000"]
    system.start(pool, *command, "--slots", "auto", tuned_file=file)
    wait_until(lambda: system.slots(pool) == 3, "as many as were tuned")
    wait_until(lambda: "slots_from='tuned on 2026-11-29'" in system.log(pool), "it is ready")


def test_slots_slower_than_tuned_are_fewer(system: RealSystem, pool: str, tmp_path: Path) -> None:
    """One less, and the log says what to do: no slot of a busy process can be as fast as this verdict."""
    file, options = tmp_path / "tuned.json", {"rate_hz": "8000", "fixed_ms": "20"}
    setting = TunedSetting(3, 1, 0, 1e6, 200, "2026-11-29")
    keep_setting(file, TunedSubject.of(device_name("tone", options), "tone", options), setting)
    command = ["-m", "workers", "--engine", "tone", "--pool", pool, "--slots", "auto"]
    command += [word for name, value in options.items() for word in ("--engine-option", f"{name}={value}")]
    system.start(pool, *command, tuned_file=file)
    wait_until(lambda: system.slots(pool) == 3, "as many as were tuned")

    def departed() -> bool:
        text = sentences(30, "all slots are busy")
        assert Listener(enqueue(system, pool, text)).pcm() == stream_of(text)
        return system.slots(pool) < 3

    wait_until(departed, "it offers fewer")
    assert "speed departs from what was tuned; run seriatim tune" in system.log(pool)
