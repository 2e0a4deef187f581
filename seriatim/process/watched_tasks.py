"""Watched threads: whatever ends one that should go on, it begins again, and the log has why.

A thread that ends unseen takes with it all that relies on it: a worker without its pulse is dead to the others, a store
without its keeper moves no window. Errors that are expected, such as a server that is away, are the thread's own.
`gateway.http.task_endings.run_forever` does the same for tasks of an event loop.
"""

import logging
import threading
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

RESTART_S = 0.5  #: before a failed thread begins again: a fault that stays must not use up a core


def start(name: str, work: Callable[[], object]) -> threading.Thread:
    """Run `work` in a daemon thread until it returns; whatever it raises, it is called again."""
    thread = threading.Thread(target=_watch, args=(name, work), name=name, daemon=True)
    thread.start()
    return thread


def _watch(name: str, work: Callable[[], object]) -> None:
    while True:
        try:
            work()
        except Exception:  # the thread's outermost call
            log.exception("a background task failed and begins again", extra={"task": name})
        else:
            return
        time.sleep(RESTART_S)
