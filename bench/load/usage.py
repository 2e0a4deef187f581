"""Usage by each process of a run: processor time as a share of one core, and the most memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import psutil  # type: ignore[import-untyped]  # its wheel ships no types


@dataclass(frozen=True, slots=True)
class Used:
    """Of one part of the system, with all its processes."""

    cores: float  #: processor seconds per second: 1.0 is one core all the time
    peak_mb: float  #: resident, MB of 1e6 bytes; pages that its processes share count in each


@dataclass(slots=True)
class Meter:
    """Looks now and then at parts of a system, each named and known by its first process."""

    roots: Mapping[str, int]
    began: dict[str, float] = field(default_factory=dict)  #: processor seconds at the first look
    latest: dict[str, float] = field(default_factory=dict)
    peak_mb: dict[str, float] = field(default_factory=dict)

    def look(self) -> None:
        """Take note of all parts that still run."""
        for name, pid in self.roots.items():
            cpu_s, held_mb = _family(pid)
            if not held_mb:
                continue
            self.began.setdefault(name, cpu_s)
            self.latest[name] = max(cpu_s, self.latest.get(name, 0.0))
            self.peak_mb[name] = max(held_mb, self.peak_mb.get(name, 0.0))

    def used(self, span_s: float) -> dict[str, Used]:
        """What was used in `span_s` seconds between the first look and the last."""
        return {name: Used((self.latest[name] - self.began[name]) / span_s, self.peak_mb[name]) for name in self.latest}


def _family(pid: int) -> tuple[float, float]:
    """(processor seconds, resident MB) of a process and its descendants; zeros if it is gone."""
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0, 0.0
    cpu_s = held = 0.0
    for process in family:
        try:
            times, memory = process.cpu_times(), process.memory_info()
        except psutil.NoSuchProcess:  # it ended since it was listed
            continue
        cpu_s += times.user + times.system
        held += memory.rss
    return cpu_s, held / 1e6
