"""The check of tuned slots: is each as fast as `seriatim tune` measured, and if not, how many are?

A driver, a library or a neighbour on the same machine may change what was measured. Only sentences that were spoken
while all offered slots were busy say anything; the median of the last of them counts. Where it departs from the
verdict, the process offers one slot less, or one more up to the tuned number, and looks anew. Pure.
"""

from collections import deque
from dataclasses import dataclass, field
from statistics import median

N_SENTENCES = 20  #: until the next change: a single slow sentence, or a busy minute, says nothing
SLOWER = 0.7  #: of the tuned speed, below which a slot is given up
AS_TUNED = 0.85  #: of the tuned speed, which each slot must be expected to have with one more


@dataclass(frozen=True, slots=True)
class SpeedChange:
    """A departure from the verdict, and the slots that the process offers from now on."""

    measured_x: float  #: speed of each slot, in seconds of audio per second
    tuned_x: float
    slots: int

    def log_fields(self) -> dict[str, object]:
        """The change as fields of a log line."""
        return {"measured_x": round(self.measured_x, 2), "tuned_x": round(self.tuned_x, 2), "slots": self.slots}


@dataclass(slots=True)
class SpeedCheck:
    """The speed of one process's slots. `tuned_x` 0: they were not tuned, and are not checked."""

    tuned_x: float = 0.0  #: speed of each slot while all are busy, as `seriatim tune` measured it
    tuned_slots: int = 0
    offered: int = 0  #: slots; 0: as many as the engine has
    _speeds: deque[float] = field(default_factory=lambda: deque(maxlen=N_SENTENCES))
    _reported: bool = False  #: that the one slot that is left is too slow

    def note(self, audio_ms: float, engine_ms: float, n_busy: int) -> SpeedChange | None:
        """A sentence was spoken while so many slots were busy, from its beginning to its end; returns what changes."""
        slots = self.offered or self.tuned_slots
        if not self.tuned_x or n_busy < slots or engine_ms <= 0 or audio_ms <= 0:
            return None
        self._speeds.append(audio_ms / engine_ms)
        if len(self._speeds) < N_SENTENCES:
            return None
        measured_x = median(self._speeds)
        expected_x = measured_x * slots / (slots + 1)  # if all slots together speak no more than now
        if measured_x < SLOWER * self.tuned_x and not self._reported:
            return self._change(measured_x, slots - 1)
        if slots < self.tuned_slots and expected_x >= AS_TUNED * self.tuned_x:
            return self._change(measured_x, slots + 1)
        return None

    def _change(self, measured_x: float, slots: int) -> SpeedChange:
        self._speeds.clear()
        self._reported = slots < 1
        self.offered = max(1, slots)
        return SpeedChange(measured_x, self.tuned_x, self.offered)
