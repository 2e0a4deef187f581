"""Delivery reports: how far each reader of this process has come, sent to Redis in one round trip for all of them.

A report opens a job's window and lets go what was read; without any its job stops, and after its grace is cancelled.
So a reader whose client takes nothing, but is still there, is reported again every few seconds, as it
stands, and where its job's grace is short, each time that a third of it is over.
"""

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass, field

from redis import Redis

from seriatim.errors import SeriatimError
from seriatim.lua.script_calls import run_many
from seriatim.reader_state import ALIVE_S, DeliveryState
from seriatim.stream_entries import ReaderCursor

log = logging.getLogger(__name__)

EVERY_S = 0.05  #: a window of 20 s lets a client that is faster than speech take 400 times its speed
MOST = 500  #: readers in one round trip: a few ms of the server's time


@dataclass(slots=True)
class DeliveryReports:
    """All readers of this process that move windows."""

    redis: "Redis"
    marks: set[DeliveryState] = field(default_factory=set)
    last: list[DeliveryState] = field(default_factory=list)  #: of readers that have left since
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    def open(self, mark: DeliveryState) -> None:
        """A reader has come; that alone is worth a report."""
        self.marks.add(mark)
        self.moved.set()

    def move(self, mark: DeliveryState, cursor: ReaderCursor) -> None:
        """It has everything up to `cursor`."""
        mark.move(cursor)
        self.moved.set()

    def close(self, mark: DeliveryState) -> None:
        """It has left; what it had is still reported."""
        self.marks.discard(mark)
        if mark.moved:
            self.last.append(mark)
            self.moved.set()

    async def run(self) -> None:
        """Report until cancelled."""
        while True:
            next_s = min((mark.reported_s + mark.alive_s for mark in self.marks), default=time.monotonic() + ALIVE_S)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.moved.wait(), max(0.0, next_s - time.monotonic()))
            self.moved.clear()
            await self.flush()
            await asyncio.sleep(EVERY_S)

    async def flush(self) -> None:
        """Report those who have moved, or are due again; who cannot be reported now will be later."""
        now_s = time.monotonic()
        due = [m for m in self.marks if m.moved or now_s - m.reported_s >= m.alive_s] + self.last
        self.last = []
        for start in range(0, len(due), MOST):
            some = due[start : start + MOST]
            calls = [call for mark in some for call in mark.report(now_s)]
            try:
                graces_ms = (await asyncio.to_thread(run_many, self.redis, calls))[::2]
            except SeriatimError as error:
                log.warning("readers were not reported", extra={"n": len(some), "error": str(error)})
                for mark in some:
                    mark.failed()
                # One that has left comes with no other report.
                self.last += [mark for mark in some if mark not in self.marks]
                self.moved.set()
            else:
                for mark, grace_ms in zip(some, graces_ms, strict=True):
                    mark.granted(grace_ms)
