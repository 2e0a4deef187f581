"""A supervisor's range of worker processes over a day: the process scaler of `seriatim worker --processes 1..4`.

The decisions are those of workers/scaling/process_scaler.py; the looks are made of the simulation's listeners, which
tell it the load of the pool and who was refused. A process has the slots of a pod.
"""

from dataclasses import dataclass, field

from bench.autoscaling.simulation import PER_POD
from seriatim.process.process_range import ProcessRange
from workers.scaling.process_scaler import PoolLook, ProcessScaler

SLOTS = 4  #: of a process
QUIET_S = 120.0  #: SERIATIM_WORKER_QUIET_S


@dataclass(slots=True)
class SupervisorRange:
    """One supervisor at work."""

    limits: ProcessRange
    judge: ProcessScaler = field(init=False)
    replicas: int = field(init=False)

    def __post_init__(self) -> None:
        self.judge, self.replicas = ProcessScaler(self.limits, QUIET_S), self.limits.least

    def look(self, now_s: float, listeners: int, refused: int, ready: int, per_pod: float) -> int:
        """The number of processes from now on; none is changed while one loads."""
        if ready < self.replicas:
            self.judge.forget()
            return self.replicas
        slots_each = SLOTS * per_pod / PER_POD
        needed = (listeners + refused) * slots_each / per_pod
        load = min(1.0, listeners / (ready * per_pod))
        decision = self.judge.decide(PoolLook(now_s, round(ready * slots_each), ready, needed, load), ready)
        if decision.change:
            self.judge.note_change(now_s, decision.change)
        self.replicas += decision.change
        return self.replicas
