"""Concurrency limit of a gateway process, and the retry time of the requests that it turns away. Pure.

Places become free as listeners leave. Who is refused is told the time at which, at the pace of late, a place will be
free that nobody else was told of: a hundred who were refused in one second do not all come back in the same one.
"""

from dataclasses import dataclass

PACE_S = 5.0  #: between two places that become free, until it is known
LATELY = 0.2  #: weight of the newest observation: about the last ten count
MOST_S = 60.0  #: nobody is told to stay away for longer: it is an estimate


@dataclass(slots=True)
class ConcurrencyLimit:
    """Those who are served now. Times in s of a clock that only rises."""

    most: int
    inside: int = 0
    pace_s: float = PACE_S  #: between two that left while it was full
    left_s: float | None = None  #: since when the next one may leave: the last left, or it became full
    promised_s: float = 0.0  #: the last time that somebody was told

    def enter(self, now_s: float) -> bool:
        """Is there a place? Whoever has one must `leave`."""
        if self.inside >= self.most:
            return False
        self.inside += 1
        if self.inside == self.most:
            self.left_s = now_s
        return True

    def leave(self, now_s: float) -> None:
        """A place is free."""
        if self.inside == self.most and self.left_s is not None:
            self.pace_s += LATELY * (now_s - self.left_s - self.pace_s)
            self.left_s = now_s
        self.inside -= 1

    def retry_after_s(self, now_s: float) -> float:
        """When somebody who found no place should come, in s from now; each call is a place that is promised."""
        silent_s = now_s - self.left_s if self.left_s is not None else 0.0
        pace_s = max(self.pace_s, silent_s)  # nobody has left for long: they leave more slowly than they did
        self.promised_s = min(max(self.promised_s, now_s) + pace_s, now_s + MOST_S)
        return self.promised_s - now_s
