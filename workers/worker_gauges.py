"""Gauges of one worker process: its memory, its GPU, and those of its engine.

The heartbeat writes them into the worker's hash in Redis (seriatim/keys.py), where /metrics and `seriatim status` read
them. They expire with the hash when the process leaves or dies; a gauge that is no longer known is removed, since a
stale figure that looks current is worse than none.
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

REPORT_S = 5.0  #: interval: Prometheus scrapes every 15 s, people look every second or so
STATM = Path("/proc/self/statm")  #: in pages; the second number is what is resident. On Linux alone


@dataclass(slots=True)
class WorkerGauges:
    """The gauges of one process; used by its heartbeat thread alone."""

    worker_state: WorkerState
    gpu: GpuWatch
    slots: int = 0  #: slots at the start of the process
    reported_names: frozenset[str] = frozenset()  #: names that are in Redis
    reported_s: float = float("-inf")  #: monotonic time of the last write

    @classmethod
    def of(cls, worker_state: WorkerState, environ: Mapping[str, str]) -> "WorkerGauges":
        """The gauges of a process with this environment, which names its GPU."""
        return cls(
            worker_state,
            GpuWatch(lambda: own_gpu(environ, worker_state.engine.gauges), environ),
            worker_state.engine.slots,
        )

    def report(self) -> None:
        """Write the current gauges if REPORT_S has passed. The process must be registered, so that its hash exists."""
        if time.monotonic() - self.reported_s < REPORT_S:
            return
        found, pool_client = self.current(), self.worker_state.pool_client
        write_gauges(
            pool_client.redis, pool_client.pool, self.worker_state.owner, found, gone=self.reported_names - found.keys()
        )
        self.reported_names, self.reported_s = frozenset(found), time.monotonic()

    def forget(self) -> None:
        """Forget what was reported: the pool's hash of the process has expired."""
        self.reported_names, self.reported_s = frozenset(), float("-inf")

    def current(self) -> dict[str, float]:
        """Every gauge by its name. NVML's replace the engine's own, which are updated only while it speaks."""
        lost_slots = {"slots_lost": float(max(0, self.slots - self.worker_state.engine.slots))}
        return process_memory() | lost_slots | dict(self.worker_state.engine.gauges) | dict(self.gpu.gauges())


def process_memory() -> dict[str, float]:
    """memory_bytes: the resident memory of this process; empty without /proc."""
    try:
        pages = int(STATM.read_text("ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return {}
    return {"memory_bytes": pages * os.sysconf("SC_PAGE_SIZE")}
