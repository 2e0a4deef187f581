"""Encoding slots with deadlines: the listener whose buffer runs dry first is served first.

In order of arrival, a hundred listeners with ten seconds of audio ahead would go before one with none.
"""

import asyncio
import heapq
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

SPARE_SLOTS = 1  #: more slots than cores: a free slot is noticed a moment late


@dataclass(slots=True)
class DeadlineSlots:
    """Slots for CPU-bound work, in one event loop."""

    free: int
    waiting: list[tuple[float, int, "asyncio.Future[None]"]] = field(default_factory=list)  #: a heap
    order: "count[int]" = field(default_factory=count)  #: among those that are due at the same time

    @asynccontextmanager
    async def hold_slot(self, due_s: float) -> AsyncIterator[None]:
        """Hold a slot for work that is due at `due_s`, in s of a monotonic clock; waits until there is one."""
        await self._acquire(due_s)
        try:
            yield
        finally:
            self._release()

    async def _acquire(self, due_s: float) -> None:
        if self.free > 0:
            self.free -= 1
            return
        granted = asyncio.get_running_loop().create_future()
        heapq.heappush(self.waiting, (due_s, next(self.order), granted))
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():
                self._release()  # it got a slot and was cancelled
            raise

    def _release(self) -> None:
        while self.waiting:
            granted = heapq.heappop(self.waiting)[2]
            if not granted.done():  # otherwise its task was cancelled
                granted.set_result(None)
                return
        self.free += 1


encoder_slots = DeadlineSlots((os.cpu_count() or 1) + SPARE_SLOTS)
