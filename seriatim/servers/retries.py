"""Retries of redis-py's clients: how often a command is tried again, and for how long.

redis-py counts failures alone. Where each takes seconds (a server that takes connections and says nothing, a plain
server asked for TLS, a network that swallows), a process that wants to know soon whether its server is there would wait
for half a minute: `HurriedRetry` and `HurriedAioRetry` look at the clock, too. A client of a cluster waits by itself,
as `Patience` says: what one node refuses, another may take.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio.retry import Retry as AioRetry
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

CAP_S = 0.5  #: between two tries
GRACE_S = 2.0  #: beside an outage of the length that is waited out
HURRIED_S = 2.0  #: who waits out no longer outage than this wants an answer soon
REDIRECTIONS = 5  #: of one command, that are followed at once


class HurriedRetry(Retry):
    """Tries again as `Retry` does, and not at all once a time is over."""

    def __init__(self, *args: Any, limit_s: float, **more: Any) -> None:
        super().__init__(*args, **more)
        self.limit_s = limit_s

    def call_with_retry(self, do: Any, fail: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """As `Retry`."""
        until_s = time.monotonic() + self.limit_s

        def fail_in_time(error: Exception, *count: int) -> None:
            fail(error, *count)  # lets go of the broken connection
            if time.monotonic() > until_s:
                raise error

        return super().call_with_retry(do, fail_in_time, *args, **more)


class HurriedAioRetry(AioRetry):
    """The same in an event loop."""

    def __init__(self, *args: Any, limit_s: float, **more: Any) -> None:
        super().__init__(*args, **more)
        self.limit_s = limit_s

    async def call_with_retry(self, do: Any, fail: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """As `Retry`."""
        until_s = time.monotonic() + self.limit_s

        async def fail_in_time(error: Exception, *count: int) -> None:
            await fail(error, *count)
            if time.monotonic() > until_s:
                raise error

        return await super().call_with_retry(do, fail_in_time, *args, **more)


def retry_of(outage_s: float) -> Retry:
    """The retries of a client that waits out an outage of about `outage_s`."""
    policy = _policy(outage_s)
    return HurriedRetry(*policy, limit_s=outage_s + GRACE_S) if outage_s <= HURRIED_S else Retry(*policy)


def aio_retry_of(outage_s: float) -> AioRetry:
    """The same in an event loop."""
    policy = _policy(outage_s)
    return HurriedAioRetry(*policy, limit_s=outage_s + GRACE_S) if outage_s <= HURRIED_S else AioRetry(*policy)


def _policy(outage_s: float) -> tuple[ExponentialBackoff, int]:
    return ExponentialBackoff(cap=CAP_S, base=0.02), max(1, round(outage_s / CAP_S)) + 5


@dataclass(slots=True)
class Patience:
    """How long one command is tried again, which nodes of a cluster refuse for now or do not answer."""

    outage_s: float
    began_s: float = field(default_factory=time.monotonic)
    failures: int = 0
    redirections: int = 0

    def may_follow(self) -> bool:
        """Whether a redirection is followed at once: in a circle of them, each waits like a failure."""
        self.redirections += 1
        return self.redirections <= REDIRECTIONS

    def wait_s(self) -> float | None:
        """Seconds until the next try; None: the outage has lasted long enough."""
        backoff, most = _policy(self.outage_s)
        self.failures += 1
        if self.failures > most or time.monotonic() > self.began_s + self.outage_s + GRACE_S:
            return None
        return float(backoff.compute(self.failures))
