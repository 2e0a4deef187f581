"""Concurrency limit of a gateway process, and the Retry-After of requests that it refuses. Pure.

Places become free as listeners leave. Each refused request gets the time at which, at the recent rate of departures, a
place becomes free that no other request was promised: a hundred requests that are refused in one second are spread
over the following ones.
"""

from dataclasses import dataclass

INTERVAL_S = 5.0  #: assumed time between two departures, until it is measured
SMOOTHING = 0.2  #: weight of the newest interval: about the last ten count
MAX_RETRY_S = 60.0  #: longest Retry-After: it is only an estimate


@dataclass(slots=True)
class ConcurrencyLimit:
    """The requests being served. Times are in s of a monotonic clock."""

    most: int
    inside: int = 0
    interval_s: float = INTERVAL_S  #: average time between two departures while it was full
    left_s: float | None = None  #: time of the last departure, or of becoming full
    promised_s: float = 0.0  #: latest time that a refused request was given

    def enter(self, now_s: float) -> bool:
        """Take a place if one is free; its holder must call `leave`."""
        if self.inside >= self.most:
            return False
        self.inside += 1
        if self.inside == self.most:
            self.left_s = now_s
        return True

    def leave(self, now_s: float) -> None:
        """Give a place back."""
        if self.inside == self.most and self.left_s is not None:
            self.interval_s += SMOOTHING * (now_s - self.left_s - self.interval_s)
            self.left_s = now_s
        self.inside -= 1

    def retry_after_s(self, now_s: float) -> float:
        """The time in s after which a refused request should retry; each call promises another place."""
        since_last_s = now_s - self.left_s if self.left_s is not None else 0.0
        interval_s = max(self.interval_s, since_last_s)  # no departure for longer than usual: the rate has dropped
        self.promised_s = min(max(self.promised_s, now_s) + interval_s, now_s + MAX_RETRY_S)
        return self.promised_s - now_s
