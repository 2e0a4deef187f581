"""Watched tasks: background threads that are restarted, with a log line, when an error ends them.

A thread that ends unnoticed stops everything that relies on it: a worker without its heartbeat counts as dead, and
without the storage thread no window moves. Expected errors, such as an outage, are handled by the thread itself.
`gateway.http.task_endings.run_forever` does the same for tasks of an event loop.
"""

import logging
import threading
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

RESTART_S = 0.5  #: before a failed thread is restarted: a permanent fault must not use up a core


def start(name: str, work: Callable[[], object]) -> threading.Thread:
    """Run `work` in a daemon thread until it returns; after an exception it is called again."""
    thread = threading.Thread(target=_watch, args=(name, work), name=name, daemon=True)
    thread.start()
    return thread


def _watch(name: str, work: Callable[[], object]) -> None:
    while True:
        try:
            work()
        except Exception:  # the thread's outermost call
            log.exception("background task failed; restarting", extra={"task": name})
        else:
            return
        time.sleep(RESTART_S)
