"""An asynchronous stream reader: a job in order, as `seriatim.client.stream_reader` has it, without a thread.

It reads and waits; `seriatim.reader_state` decides what is next. Files are read in threads.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from redis.asyncio import Redis as AsyncRedis

from seriatim import recording_store
from seriatim.client.job import Job
from seriatim.client.stream_reader import StreamReader, recording_missing_error
from seriatim.keys import StreamPosition, ordered_stream
from seriatim.lua.script_calls import translate_redis_errors
from seriatim.reader_state import SOON_S, Heard, ReaderState
from seriatim.servers.redis_clients import BLOCK_S, block_of
from seriatim.state.stream_record import read_stream_record_async
from seriatim.stream_entries import End, Entry, ReaderCursor, decode

ENTRIES = 2  #: of one read: what a listener who takes his time holds here, and there are hundreds


@dataclass(slots=True)
class AsyncStreamReader:
    """One reader of one job. It reports nothing: `DeliveryReports` does, once the client has what came."""

    job: Job
    redis: "AsyncRedis"  #: its reads block
    observes: bool = False  #: it only watches: the sound of a recording is left out, and bytes that are gone
    state: ReaderState = field(init=False)

    def __post_init__(self) -> None:
        self.state = ReaderState(self.job.id, self.job.drain, self.observes)

    @property
    def cursor(self) -> ReaderCursor:
        """What was read."""
        return self.state.cursor

    async def entries(self, after: StreamPosition) -> AsyncGenerator[Heard | End, None]:
        """Everything behind `after`, up to the end.

        Raises:
            JobUnknown: no such job, or its life is over.
            PositionLost: what follows `after` is not held any more.
            Unavailable: Redis does not answer.
        """
        async for entry in self.entries_and_waits(after):
            if entry is not None:
                yield entry

    async def entries_and_waits(self, after: StreamPosition) -> AsyncGenerator[Heard | End | None, None]:
        """The same, with None each time that nothing came for BLOCK_S."""
        state = self.state
        if after != StreamPosition():
            state.cursor = await asyncio.to_thread(self._sync_reader().behind, after)
        while not state.over:
            state.begin_round()
            async for entry in self._recorded() if state.recording else self._streamed():
                if (new := state.feed(entry)) is not None:
                    yield new
                if state.round_over:
                    break
            if state.end_round():
                waited = not state.recording
                await self._look()
                if waited:
                    yield None

    async def _look(self) -> None:
        """Look what became of a job of which nothing came."""
        if not self.state.next_source(await read_stream_record_async(self.redis, self.job.id)):
            place = Path(self.job.settings.store_dir)
            raise await asyncio.to_thread(recording_missing_error, self.job.redis, self.job.id, place)

    def _sync_reader(self) -> StreamReader:
        job = self.job
        return StreamReader(job.id, job.pool, job.drain, job.redis, job.reader, Path(job.settings.store_dir))

    async def _recorded(self) -> AsyncIterator[Entry]:
        """What is in the store, read in threads: a disk may take its time."""
        place, job, cursor = Path(self.job.settings.store_dir), self.job.id, self.state.cursor
        if self.observes:
            for marker in await asyncio.to_thread(recording_store.events, place, job):
                if marker.position > cursor.position:
                    yield marker
            return
        pieces = recording_store.read(place, job, cursor)
        while (entry := await asyncio.to_thread(next, pieces, None)) is not None:
            yield entry

    async def _streamed(self) -> AsyncIterator[Entry]:
        """The next entries of the stream; waits for them for BLOCK_S, or less where others want the connection."""
        block_s = block_of(self.redis, SOON_S if self.state.ended else BLOCK_S)
        stream, after = ordered_stream(self.job.id), str(self.state.cursor.position)
        with translate_redis_errors():
            reply = await self.redis.xread({stream: after}, ENTRIES, max(1, round(block_s * 1000)))
        rows = cast("list[Any]", reply)
        entries = [decode(entry_id, fields) for entry_id, fields in reversed(rows[0][1])] if rows else []
        while entries:
            yield entries.pop()  # and hold it no longer: its listener takes a while
