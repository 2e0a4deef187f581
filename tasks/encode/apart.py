"""Work on a thread of its own, where Ctrl-C cannot reach it: Python raises KeyboardInterrupt on the main thread only.

Waiting for the answer is the one thing that can be interrupted, and it is one step in C (SimpleQueue). Futures and
conditions are Python: an interrupt inside them sometimes came out as "cannot release un-acquired lock".
"""

import threading
from collections.abc import Callable
from queue import SimpleQueue


class Apart:
    """A thread that does one thing at a time. After an interrupt in `call` there is nothing to do but `stop`."""

    def __init__(self, name: str) -> None:
        self._asked: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._answered: SimpleQueue[BaseException | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    def call(self, work: Callable[[], object]) -> None:
        """Have `work` done, and wait for it; what it raises is raised here."""
        self._asked.put(work)
        error = self._answered.get()
        if error is not None:
            raise error

    def stop(self, last: Callable[[], object] | None = None) -> None:
        """Have `last` done once the thread is free, whatever it raises, and end the thread."""
        if last is not None:
            self._asked.put(last)
        self._asked.put(None)
        self._thread.join()

    def _serve(self) -> None:
        while (work := self._asked.get()) is not None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 (it is raised where it was asked for)
                self._answered.put(error)
            else:
                self._answered.put(None)
