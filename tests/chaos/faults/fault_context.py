"""The fault context: the cluster, the seeded chance and the history that every fault gets, and what a fault is."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.chaos.cluster import Cluster
from tests.chaos.history import History

BURIED_MOST = 2  #: deaths of its processes after which a supervisor is replaced: it would wait for longer and longer


class NotHere(Exception):
    """A fault that this machine does not let us inflict; says why."""


@dataclass(slots=True)
class FaultContext:
    """The cluster, the seeded chance and the deaths so far."""

    stage: Cluster
    rng: random.Random
    deaths: dict[str, int] = field(default_factory=dict)  #: of processes of each supervisor since it was started

    @property
    def history(self) -> History:
        """Where it is written down."""
        return self.stage.history

    def pause(self, low_s: float, high_s: float) -> float:
        """Let a while pass; returns how long."""
        seconds = self.rng.uniform(low_s, high_s)
        time.sleep(seconds)
        return seconds


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong."""

    name: str
    weight: float  #: how often it is drawn
    inflict: Callable[[FaultContext], None]  #: returns when it is over
    component: str = ""  #: which quota of kills it counts for
    loses: bool = False  #: what was acknowledged shortly before may be lost: the promise is weaker then
