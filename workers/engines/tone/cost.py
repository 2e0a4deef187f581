"""The cost of a tone: time slept or processor time burnt, so that the tone engine can simulate any machine.

Sleeping simulates a GPU or a remote API: it takes wall time, leaves the core free, and continues while the previous
chunk is being processed, as a model in its own thread does. Burning simulates a model on the CPU: it takes the core's
time, so two of them on one core take twice as long, as real ones would.
"""

import time
from collections.abc import Callable

POLL_S = 0.02  #: interval at which a pause checks for cancellation: well within one chunk
ADDITIONS_PER_CHECK = 2_000  #: additions between two checks of the clock, some 50 µs: the most that a burn overshoots


class CostAccount:
    """The account of one sentence. A pause that overshoots shortens the next one, so that the sum is exact."""

    def __init__(self, burn: bool, cancelled: Callable[[], bool]) -> None:  # noqa: FBT001  # read from an option
        self._clock: Callable[[], float] = time.thread_time if burn else time.perf_counter
        self._spend: Callable[[float], object] = _burn_cpu if burn else time.sleep
        self._cancelled = cancelled
        self._burns = burn
        self._owed_s = self._paid_s = self._clock()

    def pay(self, cost_s: float) -> None:
        """Spend `cost_s` seconds, counted for sleeps from the last payment; less if cancelled meanwhile."""
        taken_s = self._clock() - self._paid_s if self._burns else 0.0  # processing the chunk used this thread, too
        self._owed_s += cost_s + taken_s
        while (left := self._owed_s - self._clock()) > 0 and not self._cancelled():
            self._spend(min(left, POLL_S))
        self._paid_s = self._clock()

    def wait(self, until: Callable[[], bool]) -> None:
        """Wait for an event, or until cancelled. It costs nothing: later costs count from its end."""
        while not until() and not self._cancelled():
            time.sleep(POLL_S)
        self._owed_s = self._paid_s = self._clock()


def _burn_cpu(cpu_s: float) -> None:
    """Keep this thread busy for `cpu_s` seconds of its own processor time, however the core is shared."""
    until = time.thread_time() + cpu_s
    while time.thread_time() < until:
        sum(range(ADDITIONS_PER_CHECK))
