"""Gauges of one worker process: its memory, its GPU, and those of its engine.

The pulse writes it into the worker's hash in Redis (seriatim/keys.py), where /metrics and `seriatim status` read it. It
goes with the hash when the process leaves or is taken for dead; a figure that is not known any more is taken out, for
an old one that nobody can tell from a new one is worse than none.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from seriatim.state.worker_record import write_gauges
from workers.gpu_metrics import GpuWatch
from workers.gpu_pinning import own_gpu
from workers.worker_state import WorkerState

SHOW_S = 5.0  #: between two writes: Prometheus asks every 15 s, people look every second or so
MEMORY = Path("/proc/self/statm")  #: in pages; the second number is what is resident. On Linux alone


@dataclass(slots=True)
class WorkerGauges:
    """Of one process; used by its pulse alone."""

    worker_state: WorkerState
    gpu: GpuWatch
    slots: int = 0  #: that the process began with
    shown: frozenset[str] = frozenset()  #: names that stand in Redis
    shown_s: float = float("-inf")  #: monotonic time of the last write

    @classmethod
    def of(cls, worker_state: WorkerState, environ: Mapping[str, str]) -> "WorkerGauges":
        """For a process with this environment: it says which GPU is its own."""
        return cls(
            worker_state,
            GpuWatch(lambda: own_gpu(environ, worker_state.engine.gauges), environ),
            worker_state.engine.slots,
        )

    def show(self) -> None:
        """Write what is known now, if it is time to. The pool must know the process: its hash is there."""
        if time.monotonic() - self.shown_s < SHOW_S:
            return
        found, pool_client = self.known(), self.worker_state.pool_client
        write_gauges(
            pool_client.redis, pool_client.pool, self.worker_state.owner, found, gone=self.shown - found.keys()
        )
        self.shown, self.shown_s = frozenset(found), time.monotonic()

    def forget(self) -> None:
        """The pool has forgotten the process, and with it all that stood there."""
        self.shown, self.shown_s = frozenset(), float("-inf")

    def known(self) -> dict[str, float]:
        """Every figure by its name. NVML's go before the engine's own: an engine looks only while it speaks."""
        lost = {"slots_lost": float(max(0, self.slots - self.worker_state.engine.slots))}
        return memory() | lost | dict(self.worker_state.engine.gauges) | dict(self.gpu.gauges())


def memory() -> dict[str, float]:
    """memory_bytes: what this process holds of the machine's memory; nothing where there is no /proc."""
    try:
        pages = int(MEMORY.read_text("ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return {}
    return {"memory_bytes": pages * os.sysconf("SC_PAGE_SIZE")}
