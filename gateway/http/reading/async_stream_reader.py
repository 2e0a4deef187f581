"""The asynchronous stream reader: the entries of a job in order, without a thread per reader.

It does the reading and waiting; `seriatim.reader_state` decides what to read next. Files are read in threads.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from redis.asyncio import Redis as AsyncRedis

from seriatim import recording_store
from seriatim.client.job import Job
from seriatim.client.stream_reader import StreamReader, recording_missing_error
from seriatim.keys import StreamPosition, ordered_stream
from seriatim.lua.script_calls import translate_redis_errors
from seriatim.reader_state import SOON_S, PlayableEntry, ReaderState
from seriatim.recordings.store_place import store_place
from seriatim.servers.redis_clients import BLOCK_S, block_of
from seriatim.state.stream_record import read_stream_record_async
from seriatim.stream_entries import Audio, End, Entry, ReaderCursor, decode

ENTRIES_PER_READ = 2  #: few, because hundreds of slow listeners each hold them in memory


@dataclass(slots=True)
class AsyncStreamReader:
    """One reader of one job. It reports no progress: `DeliveryReports` does, once the client has the audio."""

    job: Job
    redis: "AsyncRedis"  #: its reads block
    observes: bool = False  #: only watches: audio of a recording is skipped, and expired bytes are no error
    #: pool -> monotonic time at which audio of it was last read from Redis; shared by all readers of a process
    heard_s: dict[str, float] = field(default_factory=dict)
    state: ReaderState = field(init=False)

    def __post_init__(self) -> None:
        self.state = ReaderState(self.job.id, self.job.drain, self.observes)

    @property
    def cursor(self) -> ReaderCursor:
        """The position up to which the job was read."""
        return self.state.cursor

    async def entries(self, after: StreamPosition) -> AsyncGenerator[PlayableEntry | End, None]:
        """Read everything after position `after`, up to the end.

        Raises:
            JobUnknown: no such job, or it has expired.
            PositionLost: what follows `after` is no longer stored.
            Unavailable: Redis does not answer.
        """
        async for entry in self.entries_and_waits(after):
            if entry is not None:
                yield entry

    async def entries_and_waits(self, after: StreamPosition) -> AsyncGenerator[PlayableEntry | End | None, None]:
        """As `entries`, with None after each read that timed out after BLOCK_S."""
        state = self.state
        if after != StreamPosition():
            state.cursor = await asyncio.to_thread(self._sync_reader().behind, after)
        while not state.over:
            state.begin_round()
            async for entry in self._recorded_entries() if state.recording else self._stream_entries():
                if (new := state.feed(entry)) is not None:
                    yield new
                if state.round_over:
                    break
            if state.end_round():
                waited = not state.recording
                await self._choose_source()
                if waited:
                    yield None

    async def _choose_source(self) -> None:
        """Choose the next source by the job's state, after an empty read."""
        if not self.state.next_source(await read_stream_record_async(self.redis, self.job.id)):
            place = store_place(self.job.settings.store_dir)
            raise await asyncio.to_thread(recording_missing_error, self.job.redis, self.job.id, place)

    def _sync_reader(self) -> StreamReader:
        job = self.job
        find_store = partial(store_place, job.settings.store_dir)
        return StreamReader(job.id, job.pool, job.drain, job.redis, job.reader, find_store)

    async def _recorded_entries(self) -> AsyncIterator[Entry]:
        """Read the recording, in threads: a disk may be slow."""
        place, job, cursor = store_place(self.job.settings.store_dir), self.job.id, self.state.cursor
        if self.observes:
            for marker in await asyncio.to_thread(recording_store.events, place, job):
                if marker.position > cursor.position:
                    yield marker
            return
        recording = recording_store.read(place, job, cursor)
        while (entry := await asyncio.to_thread(next, recording, None)) is not None:
            yield entry

    async def _stream_entries(self) -> AsyncIterator[Entry]:
        """Read the next entries of the stream; waits up to BLOCK_S, or less where connections are shared."""
        block_s = block_of(self.redis, SOON_S if self.state.ended else BLOCK_S)
        stream, after = ordered_stream(self.job.id), str(self.state.cursor.position)
        with translate_redis_errors():
            reply = await self.redis.xread({stream: after}, ENTRIES_PER_READ, max(1, round(block_s * 1000)))
        rows = cast("list[Any]", reply)
        entries = [decode(entry_id, fields) for entry_id, fields in reversed(rows[0][1])] if rows else []
        if any(isinstance(entry, Audio) for entry in entries):
            self.heard_s[self.job.pool] = time.monotonic()
        while entries:
            yield entries.pop()  # release each entry before a slow listener takes it
