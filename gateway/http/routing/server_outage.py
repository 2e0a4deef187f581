"""The outage of one server: new jobs for it are refused at once, instead of waiting with all who came before.

A job for a server that does not answer waits for some seconds, because most outages are short: a restart, a failover.
One that lasts longer would keep each new listener waiting for that time, and a place of this process with it. So once a
job has waited in vain, those that come later are refused, with 503 and a Retry-After; but for one each TRY_S, which
waits as the first did, and is served once the server is back. That ends the outage.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from seriatim.errors import StoreUnavailable, Unavailable

TRY_S = 5.0  #: about what a client is asked to wait
FRESH_S = 30.0  #: where no job has failed for so long, nothing is known of the server


@dataclass(slots=True)
class ServerOutage:
    """The outage of a server, if there is one. Times are monotonic, in s; a trial's event loop and threads share it."""

    name: str
    failed_s: float | None = None  #: when a job failed last; None: the last one did not
    next_try_s: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Create a job within: its success or failure shows whether the server answers.

        Raises:
            Unavailable: the server is away, and it is not this job's turn to try.
        """
        self._check(time.monotonic())
        try:
            yield
        except StoreUnavailable:
            raise
        except Unavailable:
            self._note(time.monotonic())
            raise
        self._note(None)

    def _note(self, failed_s: float | None) -> None:
        with self._lock:
            self.failed_s = failed_s
            self.next_try_s = (failed_s or 0.0) + TRY_S

    def _check(self, now_s: float) -> None:
        with self._lock:
            if self.failed_s is None or now_s - self.failed_s > FRESH_S:
                return
            if now_s >= self.next_try_s:
                self.next_try_s = now_s + TRY_S
                return
        raise Unavailable(f"server {self.name} does not answer; try again in {TRY_S:.0f} s")
