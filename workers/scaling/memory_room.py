"""Memory room: how many worker processes more the machine, and its GPUs, have memory for.

A process will take what the largest of its supervisor's takes now. A control group, such as a container's, may leave
less than the machine has. NVML's figures come from the processes themselves, as their gauges: a supervisor forks, and
loads no driver.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from seriatim.process.process_memory import tree_memory
from workers.tune.memory_usage import free_bytes

KEPT_BYTES = 256 * 2**20  #: for everything else on the machine
MARGIN = 1.1  #: a process takes a little more while it loads
GPU_FULL = 0.95  #: share of a GPU's memory; what is left is lost between its blocks
CGROUP = Path("/sys/fs/cgroup")  #: of a container, as its processes see it (cgroup v2)


@dataclass(frozen=True, slots=True)
class MemoryRoom:
    """The memory of a moment; 0 is unknown, and limits nothing."""

    free_bytes: int = 0
    process_bytes: int = 0  #: of the largest worker process
    gpu_share: float = 0.0  #: 0..1, used of the fullest GPU by all processes
    gpu_processes: int = 1  #: worker processes on each GPU
    gpus: int = 1

    @property
    def processes(self) -> float:
        """Worker processes that fit beside those that run; infinity if nothing is known."""
        in_main = in_gpus = math.inf
        if self.free_bytes and self.process_bytes:
            in_main = max(0, self.free_bytes - KEPT_BYTES) // (MARGIN * self.process_bytes)
        if self.gpu_share:
            each = self.gpu_share / self.gpu_processes  # what other programs take counts as ours: too much, never less
            in_gpus = self.gpus * max(0.0, (GPU_FULL - self.gpu_share) // each)
        return min(in_main, in_gpus)


def memory_room(pids: Iterable[int], gpu_shares: Iterable[float | None], gpus: int) -> MemoryRoom:
    """The memory beside the worker processes `pids`, from their gauges `gpu_shares` and the number of their `gpus`."""
    sizes = [tree_memory(pid) for pid in pids]
    each_gpu = math.ceil(len(sizes) / max(1, gpus))
    used_share = max((share for share in gpu_shares if share is not None), default=0.0)
    return MemoryRoom(_free_bytes(), max(sizes, default=0), used_share, max(1, each_gpu), max(1, gpus))


def _free_bytes() -> int:
    """Memory that is free for processes of this control group; 0 if unknown."""
    left = [free_bytes(), *_left_by_limit(CGROUP)]
    return min((n for n in left if n), default=0)


def _left_by_limit(group: Path) -> list[int]:
    """What the limit of a control group leaves: caches of files count as free. [] without a limit."""
    try:
        most = int((group / "memory.max").read_text("ascii"))
        used = int((group / "memory.current").read_text("ascii"))
        rows = dict(line.split() for line in (group / "memory.stat").read_text("ascii").splitlines())
    except (OSError, ValueError):  # there is none, or it is `max`
        return []
    return [max(1, most - used + int(rows.get("inactive_file", 0)))]
