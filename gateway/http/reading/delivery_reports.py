"""Delivery reports: the positions of all readers of this process, sent to Redis in one round trip.

A report opens a job's window and releases what was read. Without reports the job stops, and is cancelled after its
grace. When each is due, `DeliveryState` says. A reader whose client is connected but takes nothing is reported again
every few seconds, or after a third of its job's grace if that is shorter.
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

INTERVAL_S = 0.05  #: with a window of 20 s, a fast client can read at 400 times the speed of speech
BATCH_SIZE = 500  #: readers in one round trip: a few ms of the server's time


@dataclass(slots=True)
class DeliveryReports:
    """The positions of all readers of this process that have a window."""

    redis: "Redis"
    readers: set[DeliveryState] = field(default_factory=set)
    closed: list[DeliveryState] = field(default_factory=list)  #: of readers that ended since the last report
    change_event: asyncio.Event = field(default_factory=asyncio.Event)

    def open(self, reader: DeliveryState) -> None:
        """Add a reader, and report it."""
        self.readers.add(reader)
        self.change_event.set()

    def move(self, reader: DeliveryState, cursor: ReaderCursor) -> None:
        """Move a reader to `cursor`."""
        reader.move(cursor)
        self.change_event.set()

    def close(self, reader: DeliveryState) -> None:
        """Remove a reader; its last position is still reported."""
        self.readers.discard(reader)
        if reader.moved:
            self.closed.append(reader)
            self.change_event.set()

    async def run(self) -> None:
        """Report until cancelled."""
        while True:
            next_s = min((reader.due_s for reader in self.readers), default=time.monotonic() + ALIVE_S)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.change_event.wait(), max(0.0, next_s - time.monotonic()))
            self.change_event.clear()
            await self.flush()
            await asyncio.sleep(INTERVAL_S)

    async def flush(self, *, moved: bool = False) -> None:
        """Report readers that are due, or also those that moved; those that cannot be reported are retried."""
        now_s = time.monotonic()
        due = [reader for reader in self.readers if reader.due(now_s) or (moved and reader.moved)] + self.closed
        self.closed = []
        for start in range(0, len(due), BATCH_SIZE):
            batch = due[start : start + BATCH_SIZE]
            calls = [call for reader in batch for call in reader.report(now_s)]
            try:
                terms = (await asyncio.to_thread(run_many, self.redis, calls))[::2]
            except SeriatimError as error:
                log.warning("readers were not reported", extra={"n": len(batch), "error": str(error)})
                for reader in batch:
                    reader.failed()
                # A closed reader has no later report.
                self.closed += [reader for reader in batch if reader not in self.readers]
                self.change_event.set()
            else:
                for reader, granted in zip(batch, terms, strict=True):
                    reader.granted(granted)
