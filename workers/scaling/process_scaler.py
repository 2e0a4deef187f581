"""The process scaler: how many worker processes a supervisor should run, from what it sees of its pool. Pure.

It grows after three looks that show the same need: live sentences are claimed late, live jobs need nearly all slots,
or batch work waits for a slot. It drains one process when all looks of the quiet time show a need that one process less
would bear. A process that was drained too early, so that another had to be added soon, doubles the quiet time.

Whatever the looks show, the number stays within its range, and no process is drained within a quiet time after the
last change (tests/unit/scaling/test_process_scaler.py).
"""

import math
from collections import deque
from dataclasses import dataclass, field

from seriatim.process.process_range import ProcessRange

LATE_WAIT_MS = 500  #: SERIATIM_FIRST_AUDIO_MS's default: a first sentence that waits longer is heard late
DUE_MS = 1_000  #: a sentence that waits is late only if playback reaches it soon; with 10 s ahead it may wait
TIGHT_LOAD = 0.85  #: as lua/pool/shared/pool_load.lua has it: pieces are made smaller from here on
AIM_LOAD = 0.7  #: the load after a change; below TIGHT_LOAD by more than one listener of four slots
LOOKS = 3  #: a single one may be twelve listeners who came at the same moment
FORGET_S = 10.0  #: looks that are further apart show no common need
REGRET_S = 600.0  #: a process added so soon after one was drained shows that it was drained too early
MOST_DOUBLINGS = 4  #: of the quiet time: 32 minutes with its default


@dataclass(frozen=True, slots=True)
class PoolLook:
    """What a supervisor sees of its pool at one moment; claims are those since the look before."""

    at_s: float
    slots: int  #: of the whole pool
    pool_processes: int  #: worker processes of the whole pool, those of other supervisors included
    needed_slots: float  #: that live jobs need, with those that were refused and are expected back
    load: float = 0.0  #: of the slots for live jobs, 0 to 1
    wait_p95_ms: float | None = None  #: from dispatchable to claimed, of live sentences; None: none was claimed
    slack_p5_ms: float | None = None  #: at the claim, the time until playback reaches the sentence
    batch_waits: bool = False  #: all slots are busy, and batch work could be dispatched
    limited: bool = False  #: the engine's server limits the pool, or an operator does: more slots would be idle

    @property
    def need(self) -> str:
        """The reason to grow that this look shows; "" for none."""
        late = self.wait_p95_ms is not None and self.wait_p95_ms > LATE_WAIT_MS
        if late and self.slack_p5_ms is not None and self.slack_p5_ms < DUE_MS:
            return "live sentences are claimed late"
        if self.load > TIGHT_LOAD:
            return "live jobs need nearly all slots"
        return "batch work waits for a slot" if self.batch_waits else ""


@dataclass(frozen=True, slots=True)
class ScalingDecision:
    """Processes to add (above 0) or to drain (-1), and the reason."""

    change: int = 0
    reason: str = ""


@dataclass(slots=True)
class ProcessScaler:
    """The state between looks of one supervisor. Times are monotonic, in seconds."""

    limits: ProcessRange
    quiet_s: float
    _needs: int = 0  #: looks in a row that show a need
    _need_s: float = -math.inf  #: the last of them
    _quiet_looks: deque[PoolLook] = field(
        default_factory=deque
    )  #: within the quiet time; since the last change or need
    _drained_s: float = -math.inf
    _failed_s: float = -math.inf  #: when an added process could not start
    _doublings: int = 0

    def decide(self, look: PoolLook, processes: int) -> ScalingDecision:
        """What should change, where `processes` of the supervisor run and are ready; see `note_change`."""
        self._note(look)
        may_grow = not look.limited and look.at_s - self._failed_s >= self.quiet_s
        if self._needs >= LOOKS and processes < self.limits.most and may_grow:
            change = min(self.limits.most - processes, _growth(look, processes))
            return ScalingDecision(change, look.need)
        if processes > self.limits.least and self._would_bear(look):
            return ScalingDecision(-1, "one process less would bear the load")
        return ScalingDecision()

    def note_change(self, at_s: float, change: int) -> None:
        """Count what the supervisor begins to do."""
        if change > 0 and at_s - self._drained_s <= REGRET_S:
            self._doublings = min(MOST_DOUBLINGS, self._doublings + 1)
        elif change > 0:
            self._doublings = 0
        else:
            self._drained_s = at_s
        self.forget()

    def note_failure(self, at_s: float) -> None:
        """Count that an added process could not start: no other is added within the quiet time."""
        self._failed_s = at_s
        self.forget()

    def forget(self) -> None:
        """Look anew: another supervisor changes the pool, there is no memory, or nothing could be seen."""
        self._needs, self._need_s = 0, -math.inf
        self._quiet_looks.clear()

    @property
    def current_quiet_s(self) -> float:
        """The time that must be quiet before a process is drained."""
        return self.quiet_s * (1 << self._doublings)

    def _note(self, look: PoolLook) -> None:
        if look.at_s - self._need_s > FORGET_S or (not look.need and look.wait_p95_ms is not None):
            self._needs = 0
        if look.need:
            self._needs, self._need_s = self._needs + 1, look.at_s
            self._quiet_looks.clear()
            return
        self._quiet_looks.append(look)
        while len(self._quiet_looks) > 1 and self._quiet_looks[1].at_s <= look.at_s - self.current_quiet_s:
            self._quiet_looks.popleft()

    def _would_bear(self, look: PoolLook) -> bool:
        if not self._quiet_looks or look.at_s - self._quiet_looks[0].at_s < self.current_quiet_s:
            return False
        most_needed = max(each.needed_slots for each in self._quiet_looks)
        return most_needed <= AIM_LOAD * (look.slots - _slots_each(look)) + 1e-9


def _growth(look: PoolLook, processes: int) -> int:
    """The processes to add: as many as live jobs need, and as many as there are for batch work."""
    if look.batch_waits:
        return processes
    return max(1, math.ceil((look.needed_slots / AIM_LOAD - look.slots) / _slots_each(look) - 1e-9))


def _slots_each(look: PoolLook) -> float:
    return max(1.0, look.slots / max(1, look.pool_processes))
