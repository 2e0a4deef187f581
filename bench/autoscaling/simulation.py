"""Simulation of a pool over a day, in virtual time: listeners are accepted, wait or leave, and pods start cold.

A listener is accepted while there is room, as by admission; who is refused comes back until PATIENCE_S are over. Those
who were accepted fall silent only where pods are removed that they need. A pod costs from its creation on, the cold
start included.
"""

import heapq
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bench.autoscaling.day import DAY_S, DayArrival
from bench.autoscaling.scaler import POLL_S

PER_POD = 15.2  #: listeners: four slots at RTF 0.25, less the batch reserve of a twentieth
PATIENCE_S = 300.0  #: SERIATIM_COLD_START_S, and for how long a refused listener comes back


class DayScaler(Protocol):
    """What decides on pods or processes over a day: the one of Kubernetes, or a supervisor's range."""

    def look(self, now_s: float, listeners: int, refused: int, ready: int, per_pod: float) -> int: ...


@dataclass(slots=True)
class DayFigures:
    """What a day was like."""

    waits_s: list[float] = field(default_factory=list)  #: of accepted listeners, in steps of POLL_S; 0 in the first
    left: int = 0  #: went without a sound
    silence_s: float = 0.0  #: of accepted listeners, together
    listened_s: float = 0.0
    pod_s: float = 0.0
    course: list[tuple[float, int, int, int]] = field(default_factory=list)  #: s, listeners, waiting, ready pods

    @property
    def late(self) -> float:
        """Share of all listeners who waited, or went."""
        return (sum(wait_s > 0 for wait_s in self.waits_s) + self.left) / max(1, len(self.waits_s) + self.left)

    def wait_s(self, part: float) -> float:
        """A quantile of the waits of accepted listeners."""
        ordered = sorted(self.waits_s)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


@dataclass(slots=True)
class _Pool:
    """Listeners and pods at one moment."""

    ends: list[float] = field(default_factory=list)
    waiting: deque[DayArrival] = field(default_factory=deque)
    ready_at: list[float] = field(default_factory=list)  #: of each pod, the oldest first

    def ready(self, now_s: float) -> int:
        return sum(at_s <= now_s for at_s in self.ready_at)

    def resize(self, now_s: float, pods: int, cold_s: float) -> None:
        """Create pods, which are ready after a cold start, or remove the newest."""
        self.ready_at = self.ready_at[:pods] + [now_s + cold_s] * (pods - len(self.ready_at))

    def admit(self, now_s: float, found: DayFigures) -> None:
        """End what is over; let in whom there is room for, in the order of arrival; let go who waited too long."""
        while self.ends and self.ends[0] <= now_s:
            heapq.heappop(self.ends)
        while self.waiting and now_s - self.waiting[0].at_s > PATIENCE_S:
            self.waiting.popleft()
            found.left += 1
        while self.waiting and len(self.ends) + 1 <= self.ready(now_s) * PER_POD:
            arrival = self.waiting.popleft()
            found.waits_s.append((now_s - arrival.at_s) // POLL_S * POLL_S)
            heapq.heappush(self.ends, now_s + arrival.listens_s)


def simulate(day: Sequence[DayArrival], scaler: DayScaler | None, *, cold_s: float = 0.0, fixed: int = 0) -> DayFigures:
    """Let a day pass with a scaler, or with a fixed number of pods that are there from the start."""
    found, pool, coming = DayFigures(), _Pool(ready_at=[0.0] * fixed), deque(day)
    for now_s in range(0, DAY_S, POLL_S):
        while coming and coming[0].at_s <= now_s:
            pool.waiting.append(coming.popleft())
        pool.admit(now_s, found)
        if scaler:
            pods = scaler.look(now_s, len(pool.ends), len(pool.waiting), pool.ready(now_s), PER_POD)
            pool.resize(now_s, pods, cold_s)
        ready, listeners = pool.ready(now_s), len(pool.ends)
        found.silence_s += max(0.0, listeners - ready * PER_POD) * POLL_S
        found.listened_s += listeners * POLL_S
        found.pod_s += len(pool.ready_at) * POLL_S
        found.course.append((now_s, listeners, len(pool.waiting), ready))
    found.left += len(pool.waiting)
    return found
