"""The priority of threads that encode files: behind live listeners, whose audio is encoded as it is played."""

import contextlib
import os
import threading

NICE = 10  #: niceness of the threads: nice(1)


def lower_priority() -> None:
    """Lower the priority of the thread that calls, and of those that it starts."""
    with contextlib.suppress(OSError, AttributeError):  # systems where threads have no priority of their own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
