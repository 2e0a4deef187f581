"""A worker on another kind of CPU, by emulation: a real model gives other bytes there, and the pool shows it."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from seriatim.state.pool_record import read_pool
from seriatim.state.worker_record import read_workers
from tests.support.process_system import RealSystem, wait_until

QEMU = shutil.which("qemu-x86_64") or shutil.which("qemu-x86_64-static")
#: what this CPU may have -> an emulated CPU that lacks it; a model takes other instructions there
OTHER_CPUS = {"avx512_vnni": "Haswell", "avx2": "Nehalem"}
START_S = 300.0  #: an emulated processor takes ten times as long to load a model

pytestmark = pytest.mark.thorough


def registered(system: RealSystem, n_workers: int) -> bool:
    return len(system.worker_pids("hibari")) == n_workers


def flags() -> set[str]:
    """What this CPU can do, as Linux names it."""
    lines = Path("/proc/cpuinfo").read_text("ascii", errors="replace").splitlines()
    return next((set(line.split()) for line in lines if line.startswith("flags")), set())


@pytest.mark.timeout(2 * START_S)
@pytest.mark.skipif(QEMU is None, reason="needs qemu-x86_64 (Debian: qemu-user)")
@pytest.mark.skipif(not flags() & OTHER_CPUS.keys(), reason="this CPU has no AVX that the emulated one lacks")
def test_a_model_on_another_cpu_has_another_fingerprint(new_system: Callable[..., RealSystem]) -> None:
    pytest.importorskip("hibari")
    other_cpu = next(cpu for flag, cpu in OTHER_CPUS.items() if flag in flags())
    system = new_system(lease_ms=30_000)  # an emulated process sends its heartbeats late
    worker = ("-m", "workers.worker_process", "--engine", "hibari")
    for number, launcher in enumerate(((), (), (str(QEMU), "-cpu", other_cpu)), 1):
        system.start_under(launcher, f"worker{number}", *worker)
        wait_until(partial(registered, system, number), "it has registered", START_S)
    with system.redis as client:
        (states,) = read_workers(client, [read_pool(client, "hibari")])
    assert sorted(state.audio_differs for state in states) == [False, False, True]
    wait_until(lambda: "audio differs from the pool's" in system.log("worker3"))
