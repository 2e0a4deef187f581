"""Limits of tests on processor time, in seconds of a common machine, whatever the speed of the one that runs them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

COMMON_LOOP_S = 0.03
"""Processor time of the loop below on the machine for which limits are written (a server core, Python 3.11)."""


def loop_s() -> float:
    """Return the processor time of a fixed loop of Python, in seconds."""
    began_s = time.process_time()
    total = 0
    for number in range(600_000):
        total += number * number
    return time.process_time() - began_s


def slowness() -> float:
    """How many times longer than the common machine this one takes now: 1 for one that is as fast, or faster."""
    return max(1.0, loop_s() / COMMON_LOOP_S)


@contextmanager
def processor_limit(limit_s: float) -> Iterator[None]:
    """Fail if the block takes more processor time than `limit_s` would be on the common machine.

    The loop runs before the block and after it, and the slower of the two counts: a machine that is shared changes its
    speed by half from one second to the next. A machine faster than the common one is not held to less than `limit_s`.
    """
    before, began_s = slowness(), time.process_time()
    yield
    taken_s = time.process_time() - began_s
    allowed_s = limit_s * max(before, slowness())
    assert taken_s < allowed_s, f"{taken_s:.2f} s of processor time, where this machine is allowed {allowed_s:.2f} s"
