"""Draining of a gateway process after SIGTERM: it finishes running requests and refuses new ones.

From the first signal on, /readyz answers 503, so that load balancers stop sending requests, and new requests get 503
with a Retry-After. The process ends when clients have the last response, or after SERIATIM_HTTP_DRAIN_S; a second
signal ends it at once.
"""

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from gateway.http.problems import HttpProblem, retry_after

RETRY_S = 1.0  #: another gateway may answer at once


@dataclass(slots=True)
class Draining:
    """The drain state of one gateway process."""

    timeout_s: float  #: longest duration of draining
    until_s: float | None = None  #: monotonic time at which remaining requests are cut off; None: not draining
    #: connections that may be idle -> function that closes the connection if it is
    idle_closers: dict[object, Callable[[], Coroutine[Any, Any, None]]] = field(default_factory=dict)

    @property
    def active(self) -> bool:
        """Whether this process is draining."""
        return self.until_s is not None

    def begin(self) -> None:
        """Start draining. Called in a signal handler, so it only notes the time."""
        self.until_s = time.monotonic() + self.timeout_s

    async def is_over(self, running: int) -> bool:
        """Close idle connections; returns whether draining is complete or timed out."""
        if self.until_s is None:
            return False
        for close_if_idle in list(self.idle_closers.values()):
            await close_if_idle()
        return not running or time.monotonic() >= self.until_s

    def refuse_new_request(self) -> None:
        """Refuse a new request while draining.

        Raises:
            HttpProblem: this process is draining.
        """
        if self.active:
            message = "this gateway is shutting down and finishes running requests only; retry"
            headers = retry_after(RETRY_S) | {"connection": "close"}
            raise HttpProblem(503, "draining", message, "overloaded_error", headers=headers)
