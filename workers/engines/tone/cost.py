"""The cost of a tone: time slept or processor time burnt, so that the tone engine can stand in for any machine.

Sleeping stands for a GPU or a remote API: it takes wall time, leaves the core to others, and goes on while the chunk
before is being taken away, as a model in a thread of its own does. Burning stands for a model on the CPU: it takes the
core's own time, so two of them on one core take twice as long, as real ones would.
"""

import time
from collections.abc import Callable

POLL_S = 0.02  #: how often a pause looks whether it is cancelled: well within one chunk, and free
BURST = 2_000  #: additions between two looks at the clock, some 50 µs: what a burn may be too long


class CostAccount:
    """The account of one sentence. What a pause took too long is taken off the next one: the sum is right."""

    def __init__(self, burn: bool, cancelled: Callable[[], bool]) -> None:  # noqa: FBT001  # read from an option
        self._clock: Callable[[], float] = time.thread_time if burn else time.perf_counter
        self._let_pass: Callable[[float], object] = _burn if burn else time.sleep
        self._cancelled = cancelled
        self._burns = burn
        self._due_s = self._paid_s = self._clock()

    def pay(self, cost_s: float) -> None:
        """Let `cost_s` seconds pass, a sleep's since the last payment, or fewer if it is cancelled meanwhile."""
        taken_s = self._clock() - self._paid_s if self._burns else 0.0  # taking the chunk away used this thread too
        self._due_s += cost_s + taken_s
        while (left := self._due_s - self._clock()) > 0 and not self._cancelled():
            self._let_pass(min(left, POLL_S))
        self._paid_s = self._clock()

    def wait(self, until: Callable[[], bool]) -> None:
        """Wait for an event, or until it is cancelled. It costs nothing: what is due behind it is due from then on."""
        while not until() and not self._cancelled():
            time.sleep(POLL_S)
        self._due_s = self._paid_s = self._clock()


def _burn(cpu_s: float) -> None:
    """Keep this thread busy for `cpu_s` seconds of its own processor time, however the core is shared."""
    until = time.thread_time() + cpu_s
    while time.thread_time() < until:
        sum(range(BURST))
