"""An asynchronous stream reader: a job in order, as `seriatim.client.stream_reader` has it, without a thread.

From the recording as far as that goes, then from the ordered stream. Files are read in threads.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from redis.asyncio import Redis as AsyncRedis

from seriatim import recording_store
from seriatim.client.job import Job
from seriatim.client.stream_reader import SOON_S, Heard, StreamReader, nothing_left, recording_missing_error, unknown
from seriatim.errors import PositionLost
from seriatim.keys import StreamPosition, ordered_stream
from seriatim.lua.script_calls import translate_redis_errors
from seriatim.records import DrainMode
from seriatim.servers.redis_clients import BLOCK_S, block_of
from seriatim.state.stream_record import read_stream_record_async
from seriatim.stream_entries import End, Entry, ReaderCursor, decode

ENTRIES = 2  #: of one read: what a listener who takes his time holds here, and there are hundreds


@dataclass(slots=True)
class AsyncStreamReader:
    """One reader of one job. It reports nothing: `reports` does, once the client has what came."""

    job: Job
    redis: "AsyncRedis"  #: its reads block
    cursor: ReaderCursor = field(default_factory=ReaderCursor)
    lost: bool = False  #: the source read last misses bytes behind the cursor
    missed: bool = False  #: the stream missed bytes, so that the recording must have them
    ended: bool = False  #: the job had ended when the stream gave nothing: so it has no more

    async def entries(self, after: StreamPosition) -> AsyncGenerator[Heard | End, None]:
        """Everything behind `after`, up to the end.

        Raises:
            JobUnknown: no such job, or its life is over.
            PositionLost: what follows `after` is not held any more.
            Unavailable: Redis does not answer.
        """
        if after != StreamPosition():
            self.cursor = await asyncio.to_thread(self._reading().behind, after)
        stored = self.job.drain is DrainMode.STORE
        while True:
            before = self.cursor.position
            async for entry in self._fresh(stored=stored):
                yield entry
                if isinstance(entry, End):
                    return
            if self.cursor.position == before:
                stored = await self._where_next(stored=stored)
            elif stored:
                self.missed = False  # what the stream missed was there

    def _reading(self) -> StreamReader:
        job = self.job
        return StreamReader(job.id, job.pool, job.drain, job.redis, job.reader, Path(job.settings.store_dir))

    async def _fresh(self, *, stored: bool) -> AsyncIterator[Heard | End]:
        """What one source has behind the cursor; ends when it has no more, or when bytes are missing there."""
        self.lost = False
        async for entry in self._recorded() if stored else self._streamed():
            try:
                new = self.cursor.feed(entry)
            except PositionLost:
                if self.job.drain is DrainMode.WINDOW:
                    raise
                self.lost = True
                return
            if new is not None:
                yield new

    async def _recorded(self) -> AsyncIterator[Entry]:
        """What is in the store, read in threads: a disk may take its time."""
        pieces = recording_store.read(Path(self.job.settings.store_dir), self.job.id, self.cursor)
        while (entry := await asyncio.to_thread(_next, pieces)) is not None:
            yield entry

    async def _streamed(self) -> AsyncIterator[Entry]:
        """The next entries of the stream; waits for them."""
        block_s = SOON_S if self.ended else BLOCK_S
        entries = await read(self.redis, self.job.id, self.cursor.position, block_s)
        entries.reverse()
        while entries:
            yield entries.pop()  # and hold it no longer: its listener takes a while

    async def _where_next(self, *, stored: bool) -> bool:
        """After nothing came: the other source for a job in the store."""
        record = await read_stream_record_async(self.redis, self.job.id)
        window = self.job.drain is DrainMode.WINDOW
        if record is None and (stored or window):
            raise unknown(self.job.id)
        if window:
            if self.ended:
                raise nothing_left(self.job.id, self.cursor.position)
            self.ended = record is None or record.state != "run"
            return False
        if stored and self.missed:
            place = Path(self.job.settings.store_dir)
            raise await asyncio.to_thread(recording_missing_error, self.job.redis, self.job.id, place)
        self.missed = self.lost
        return not stored


async def read(redis: "AsyncRedis", job: str, after: StreamPosition, block_s: float = BLOCK_S) -> list[Entry]:
    """The next entries of an ordered stream; waits for them for `block_s`, or less where others want the connection.

    Raises:
        Unavailable: Redis does not answer.
    """
    block_s = block_of(redis, block_s)
    with translate_redis_errors():
        reply = await redis.xread({ordered_stream(job): str(after)}, ENTRIES, max(1, round(block_s * 1000)))
    rows = cast("list[Any]", reply)
    return [decode(entry_id, fields) for entry_id, fields in rows[0][1]] if rows else []


def _next(pieces: Iterator[Entry]) -> Entry | None:
    return next(pieces, None)
