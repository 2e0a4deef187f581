"""Slots for encoding, given to the listener whose buffer runs dry first.

First come, first served would let a hundred who have ten seconds ahead go before one who has none.
"""

import asyncio
import heapq
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

SPARE = 1  #: one more than there are cores: what is done is noticed a moment later


@dataclass(slots=True)
class DeadlineSlots:
    """Places for work that computes, in one event loop."""

    free: int
    waiting: list[tuple[float, int, "asyncio.Future[None]"]] = field(default_factory=list)  #: a heap
    order: "count[int]" = field(default_factory=count)  #: among those that are due at the same time

    @asynccontextmanager
    async def turn(self, due_s: float) -> AsyncIterator[None]:
        """A place, once there is one for work that is due then, in s of any clock that only rises."""
        await self._enter(due_s)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, due_s: float) -> None:
        if self.free > 0:
            self.free -= 1
            return
        called = asyncio.get_running_loop().create_future()
        heapq.heappush(self.waiting, (due_s, next(self.order), called))
        try:
            await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled():
                self._leave()  # it was called, and has left
            raise

    def _leave(self) -> None:
        while self.waiting:
            called = heapq.heappop(self.waiting)[2]
            if not called.done():  # else it has left
                called.set_result(None)
                return
        self.free += 1


encoder_slots = DeadlineSlots((os.cpu_count() or 1) + SPARE)
