"""A repeated line of the log: during an outage each try would write it, several times a second."""

import threading
from dataclasses import dataclass, field

QUIET_S = 30.0  #: between two lines of one outage


@dataclass(slots=True)
class RepeatedLine:
    """When a line was written last, by any thread of its process."""

    written_s: float = float("-inf")  #: a monotonic time
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def is_due(self, now_s: float) -> bool:
        """Whether to write the line at this monotonic time; it counts as written then."""
        with self._lock:
            due = now_s - self.written_s >= QUIET_S
            self.written_s = now_s if due else self.written_s
            return due

    def forget(self) -> None:
        """The outage is over: the next one is written at once."""
        self.written_s = float("-inf")
