"""The scaler: KEDA's polling and Kubernetes' autoscaler, as far as the ScaledObjects of deploy/kubernetes use them.

The formulas are those of Kubernetes' documentation, "Horizontal Pod Autoscaling", algorithm details and configurable
scaling behaviour; a test compares the numbers with the manifest.
"""

import math
from collections import deque
from dataclasses import dataclass, field

TOLERANCE = 0.1  #: Kubernetes' default
POLL_S = 5  #: pollingInterval; the scrape before it is assumed to be as frequent
SYNC_S = 15  #: Kubernetes' default


@dataclass(frozen=True, slots=True)
class ScalerLimits:
    """The numbers of a ScaledObject."""

    load: float = 0.7
    least: int = 0
    most: int = 20
    cooldown_s: int = 600
    up_percent: int = 100
    up_pods: int = 2
    up_period_s: int = 30
    down_percent: int = 20
    down_period_s: int = 60
    down_window_s: int = 300


@dataclass(slots=True)
class Scaler:
    """One ScaledObject at work. `counts_refused`: refused listeners who come back are part of the load."""

    limits: ScalerLimits = field(default_factory=ScalerLimits)
    counts_refused: bool = True
    replicas: int = 0
    _active_s: float = -math.inf
    _recommendations: deque[tuple[float, int]] = field(default_factory=deque)
    _changes: list[tuple[float, int]] = field(default_factory=list)

    def look(self, now_s: float, listeners: int, refused: int, ready: int, per_pod: float) -> int:
        """The number of pods from now on. `ready` pods can carry `per_pod` listeners each."""
        if listeners or refused:
            self._active_s = now_s
        if now_s - self._active_s > self.limits.cooldown_s:
            self._set(now_s, self.limits.least)
        elif self.replicas == 0:
            self._set(now_s, max(1, self.limits.least))
        elif now_s % SYNC_S == 0:
            load = (listeners + (refused if self.counts_refused else 0)) / (ready * per_pod) if ready else 0.0
            self._set(now_s, self._bounded(now_s, self._desired(load, ready)))
        return self.replicas

    def _desired(self, load: float, ready: int) -> int:
        ratio = load / self.limits.load
        if not ready or abs(ratio - 1) <= TOLERANCE:
            return self.replicas
        return min(self.limits.most, max(1, self.limits.least, math.ceil(ratio * ready)))

    def _bounded(self, now_s: float, desired: int) -> int:
        """Growth within its policies; a decrease after the highest number of the window, within its own."""
        at = self.limits
        self._recommendations.append((now_s, desired))
        while self._recommendations[0][0] <= now_s - at.down_window_s:
            self._recommendations.popleft()
        if desired > self.replicas:
            start = self.replicas - self._changed(now_s, at.up_period_s, 1)
            return min(desired, max(start + at.up_pods, math.ceil(start * (1 + at.up_percent / 100))))
        start = self.replicas - self._changed(now_s, at.down_period_s, -1)
        floor = int(start * (1 - at.down_percent / 100))
        return min(self.replicas, max(floor, *(number for _, number in self._recommendations)))

    def _changed(self, now_s: float, period_s: int, sign: int) -> int:
        return sum(by for at_s, by in self._changes if at_s > now_s - period_s and by * sign > 0)

    def _set(self, now_s: float, replicas: int) -> None:
        if replicas != self.replicas:
            self._changes.append((now_s, replicas - self.replicas))
            self._changes = self._changes[-50:]
        self.replicas = replicas
