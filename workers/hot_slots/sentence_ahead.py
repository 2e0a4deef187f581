"""The sentence ahead: a busy process of a light engine has one sentence more than its engine speaks at once.

Between two sentences of a slot lies the answer to its report, a millisecond or two in which a place of the engine would
be empty. The sentence ahead takes it, and the one that comes with the answer is the next one ahead (decision 89). A
thread beside Celery's speaks the first of them; from then on it is a slot like the others, until there is no next
sentence for it.

The pool gives one ahead while there are no listeners (lua/pool/pick.lua). It is asked for behind sentences of
SHORTEST_MS or more: behind shorter ones the threads would take longer to take turns than the answer takes.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

FEWEST_PLACES = 4  #: of a process that has one ahead, which then waits for a quarter of a sentence at most
SHORTEST_MS = 20.0  #: shortest sentence behind which one is asked for
LOOK_S = 0.5  #: between two looks whether a sentence that waits for its engine was dropped


@dataclass(slots=True)
class EnginePlaces:
    """The places of one process's engine, of which each sentence takes one while it is spoken."""

    places: int
    _free: threading.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._free = threading.Semaphore(self.places)

    @contextmanager
    def place(self, dropped: threading.Event) -> Iterator[float]:
        """A place for one sentence, once one is free or the sentence is dropped; gives the seconds until then."""
        taken, ahead_s = self._free.acquire(blocking=False), 0.0
        if not taken:
            began_s = time.monotonic()
            while not taken and not dropped.is_set():
                taken = self._free.acquire(timeout=LOOK_S)
            ahead_s = time.monotonic() - began_s
        try:
            yield ahead_s
        finally:
            if taken:
                self._free.release()


@dataclass(slots=True)
class ThreadAhead:
    """The thread of the sentence ahead; at most one runs, or is asked for."""

    allowed: bool  #: this process may have one
    _taken: bool = False  #: it runs, or a slot asks the pool for its first sentence
    _thread: threading.Thread | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reserve(self, wall_ms: float) -> bool:
        """True if the caller may ask for a sentence ahead, behind one that took `wall_ms`.

        It has to `start` the thread then, or to `give_up`.
        """
        if not self.allowed or wall_ms < SHORTEST_MS or self._taken:
            return False
        with self._lock:
            reserved, self._taken = not self._taken, True
        return reserved

    def give_up(self) -> None:
        """There is no sentence for the thread that was reserved."""
        self._taken = False

    def start(self, speak: Callable[[], object]) -> None:
        """Speak the sentence ahead, and what follows it, in the thread that was reserved."""

        def run() -> None:
            try:
                speak()
            except Exception:  # the thread's outermost call
                log.exception("sentence ahead failed; its lease expires")
            finally:
                self._taken = False

        thread = threading.Thread(target=run, name="sentence ahead", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # the system has no more of them; the outbox has the sentence
            log.warning("no thread for the sentence ahead", extra={"error": str(error)})
            self.give_up()
            return
        self._thread = thread

    def join(self) -> None:
        """Wait until it has spoken what it has. None is started any more."""
        thread = self._thread
        if thread is not None:
            thread.join()
