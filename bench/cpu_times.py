"""CPU time of a private system's processes, by role: where the time goes that an engine alone would not take."""

import os
from collections import defaultdict
from collections.abc import Mapping

import psutil  # type: ignore[import-untyped]  # its wheel ships no types

from gateway.local.processes import LocalSystem

ROLES = ("worker", "redis", "reassembler", "client", "supervisor")


def cpu_times_s(system: LocalSystem) -> Mapping[str, float]:
    """Seconds of CPU that each role's processes have used so far; this process is the client."""
    times: defaultdict[str, float] = defaultdict(float)
    times["client"] = _own_s(psutil.Process(os.getpid()))
    if system.redis:
        times["redis"] = _own_s(psutil.Process(system.redis.process.pid))
    for name, child in system.children.items():
        process = psutil.Process(child.pid)
        times["supervisor" if name.startswith("worker") else "reassembler"] += _own_s(process)
        times["worker"] += sum(map(_own_s, process.children(recursive=True)))
    return times


def _own_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
