"""The stream reader: a job in order, from its recording as far as it goes, then from the ordered stream.

It reads, waits and reports; `seriatim.reader_state` decides what is next. A reader of a job that drains by window
moves the window itself. A job that drains to the store has a recorder that does.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from redis import Redis

from seriatim import recording_store
from seriatim.errors import Misconfigured, PositionLost
from seriatim.keys import END, GAP, StreamPosition, ordered_stream
from seriatim.lua.script_calls import run_many, translate_redis_errors
from seriatim.reader_state import SOON_S, DeliveryState, PlayableEntry, ReaderState
from seriatim.reassembler_heartbeats import records_into
from seriatim.recordings.store_place import StorePlace
from seriatim.records import DrainMode
from seriatim.servers.redis_clients import BLOCK_S, block_of
from seriatim.state.stream_record import read_stream_record
from seriatim.stream_entries import End, Entry, ReaderCursor, SentenceStart, decode

READ_ENTRIES = 64  #: per XREAD: a few seconds of audio, a few hundred kB


@dataclass(slots=True)
class StreamReader:
    """One reader of one job."""

    job: str
    pool: str
    drain: DrainMode
    redis: "Redis"
    reader: "Redis"  #: its reads may block
    find_store: Callable[[], StorePlace]  #: asked once, by a reader that needs the recording
    stopped: threading.Event = field(default_factory=threading.Event)  #: stop waiting
    state: ReaderState = field(init=False)
    delivery: DeliveryState = field(init=False)
    _store_dir: StorePlace | None = None

    def __post_init__(self) -> None:
        self.state, self.delivery = ReaderState(self.job, self.drain), DeliveryState(self.job, self.pool)

    def entries(self, after: StreamPosition) -> Iterator[PlayableEntry | End]:
        """Every entry after `after`, up to the end, or until `stopped` is noticed, within `BLOCK_S`."""
        state = self.state
        state.cursor = self.behind(after)
        self._report()
        while not (state.over or self.stopped.is_set()):
            for entry in state.round(self._source()):
                if isinstance(entry, End):  # reported first: its reader does not ask for what follows it
                    self._report()
                yield entry
                self.delivery.move(state.cursor)
                if self.delivery.due(time.monotonic()):
                    self._report()
            if state.end_round():
                self._look()

    @property
    def store_dir(self) -> StorePlace:
        """The store of recordings."""
        if self._store_dir is None:
            self._store_dir = self.find_store()
        return self._store_dir

    def behind(self, position: StreamPosition) -> ReaderCursor:
        """A cursor after a position; the sentence's marker has the offset of its bytes in the job.

        Raises:
            PositionLost: that sentence is no longer stored.
        """
        if position == StreamPosition():
            return ReaderCursor()
        marker = self._marker(StreamPosition(position.sentence, 0))
        if isinstance(marker, SentenceStart):
            return ReaderCursor.behind(position, marker.at, marker.rate_hz)
        if position.offset == GAP and isinstance(end := self._marker(StreamPosition(position.sentence, END)), End):
            record = read_stream_record(self.redis, self.job)
            return ReaderCursor.behind(position, end.n_bytes, record.rate_hz if record else 0)
        what = "is no longer stored, or never was; only jobs that drain to the store can be read again"
        raise PositionLost(f"position {position} of job {self.job} {what}")

    def _marker(self, place: StreamPosition) -> Entry | None:
        """The marker at a position, of the stream or of the recording."""
        with translate_redis_errors():
            found = cast("list[Any]", self.redis.xrange(ordered_stream(self.job), str(place), str(place)))
        if found:
            return decode(*found[0])
        return next((m for m in recording_store.events(self.store_dir, self.job) if m.position == place), None)

    def _source(self) -> Iterable[Entry]:
        """The entries of this round's source after the cursor."""
        if self.state.recording:
            return recording_store.read(self.store_dir, self.job, self.state.cursor)
        return self._streamed()

    def _streamed(self) -> list[Entry]:
        """The next entries of the stream; blocks only once everything read is reported."""
        after, alive_s = self.state.cursor.position, min(BLOCK_S, self.delivery.alive_s)
        block_s = alive_s
        if self.drain is DrainMode.WINDOW:
            block_s = min(alive_s, self.delivery.wait_s(time.monotonic()))
        if self.state.ended:
            block_s = SOON_S
        entries = read_entries(self.reader, self.job, after, block_s)
        if not entries and block_s < alive_s and not self.state.ended:
            self._report()
            entries = read_entries(self.reader, self.job, after, alive_s)
        return entries

    def _look(self) -> None:
        """Choose the next source of a job after a round without entries."""
        if not self.state.next_source(read_stream_record(self.redis, self.job)):
            raise recording_missing_error(self.redis, self.job, self.store_dir)
        self._report()

    def _report(self) -> None:
        """Report this reader's position to the pool and to the stream."""
        if self.drain is DrainMode.WINDOW:
            self.delivery.move(self.state.cursor)
            terms, _ = run_many(self.redis, self.delivery.report(time.monotonic()))
            self.delivery.granted(terms)


def recording_missing_error(redis: "Redis", job: str, store_dir: StorePlace) -> Misconfigured | PositionLost:
    """The error for a recording that this process cannot find: it was removed, or is in another store.

    Raises:
        Unavailable: Redis does not answer.
    """
    if records_into(redis, store_dir):
        return PositionLost(f"the recording of job {job} is no longer stored: it was removed")
    where = f"a store that is not {str(store_dir)!r}"
    return Misconfigured(f"job {job} drains to {where}: set SERIATIM_STORE_DIR to its reassembler's")


def read_entries(reader: "Redis", job: str, after: StreamPosition, block_s: float) -> list[Entry]:
    """The next entries of an ordered stream; blocks for `block_s`, or less if other readers need the connection."""
    block_s = block_of(reader, block_s)
    with translate_redis_errors():
        reply = reader.xread({ordered_stream(job): str(after)}, READ_ENTRIES, max(1, round(block_s * 1000)))
    rows = cast("list[Any]", reply)
    return [decode(entry_id, fields) for entry_id, fields in rows[0][1]] if rows else []


def await_entry(reader: "Redis", job: str, block_s: float) -> None:
    """Wait until the ordered stream grows, or a second has passed."""
    last = cast("list[Any]", reader.xrevrange(ordered_stream(job), count=1))
    after = StreamPosition.parse(last[0][0].decode()) if last else StreamPosition()
    read_entries(reader, job, after, min(block_s, 1.0))
