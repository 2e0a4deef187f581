"""Child processes that do not outlive their parent, however it dies."""

import ctypes
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1  #: prctl(2): a signal for the child when its parent dies


def dies_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """A `preexec_fn` with which the kernel signals the child when this process dies, however it dies.

    Linux only; elsewhere a parent that is killed with SIGKILL leaves its children behind.
    """
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork: nothing may be loaded after it
    return lambda: prctl(PR_SET_PDEATHSIG, int(number))
