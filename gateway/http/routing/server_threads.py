"""Server threads: an event loop's threads for short calls, so many for each server.

A call to a server that does not answer waits for some seconds. Without a share of their own, such calls would soon have
all threads, and what is on other servers would wait as well.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any

from gateway.http.routing.route_table import MAIN

#: the server that the current task works for
SERVER: ContextVar[str] = ContextVar("server", default=MAIN)


class ServerThreads(ThreadPoolExecutor):
    """Threads of several servers; a call goes to those of the server that its task works for."""

    def __init__(self, servers: Iterable[str], most: int) -> None:
        """`most`: threads for each server."""
        super().__init__(1)  # never used: asyncio takes no other executor
        self._by_server = {server: ThreadPoolExecutor(most, f"call-{server}") for server in servers}

    def submit(self, call: Callable[..., Any], /, *args: Any, **more: Any) -> "Future[Any]":
        """Run a call in a thread of the current server."""
        return self._by_server[SERVER.get()].submit(call, *args, **more)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001  # as its base
        """End all threads."""
        for threads in self._by_server.values():
            threads.shutdown(wait, cancel_futures=cancel_futures)
        super().shutdown(wait, cancel_futures=cancel_futures)
