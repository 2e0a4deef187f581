"""Draining: what a gateway process that is told to end still does: it finishes what runs, and takes nothing new.

From the first signal on /readyz says 503, so that no balancer sends anybody here, and new requests are told to come
again: to another gateway, or to the next one at this address. The process ends when the last answer is whole, or when
SERIATIM_HTTP_DRAIN_S is over; a second signal ends it at once.
"""

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from gateway.http.problems import HttpProblem, retry_after

AGAIN_S = 1.0  #: another gateway may answer at once


@dataclass(slots=True)
class Draining:
    """Of one gateway process."""

    most_s: float  #: what runs may take so long
    until_s: float | None = None  #: monotonic time at which the rest is cut off; None: nobody wants this process to end
    #: connections that may be idle: each knows whether it is, and ends then
    idlers: dict[object, Callable[[], Coroutine[Any, Any, None]]] = field(default_factory=dict)

    @property
    def begun(self) -> bool:
        """Was this process told to end?"""
        return self.until_s is not None

    def begin(self) -> None:
        """It is told to end. Called in a signal's handler: it only takes down the time."""
        self.until_s = time.monotonic() + self.most_s

    async def over(self, running: int) -> bool:
        """Is the time over, or nothing left that runs? Ends what is idle."""
        if self.until_s is None:
            return False
        for leave in list(self.idlers.values()):
            await leave()
        return not running or time.monotonic() >= self.until_s

    def refuse(self) -> None:
        """Turn away what is new.

        Raises:
            Problem: this process is about to end.
        """
        if self.begun:
            said = "this gateway is about to end and finishes what it has; another one, or the next here, will answer"
            headers = retry_after(AGAIN_S) | {"connection": "close"}
            raise HttpProblem(503, "draining", said, "overloaded_error", headers=headers)
