"""The stream reader: a job in order, from its recording as far as that goes, then from the ordered stream.

A reader of a job that drains by window moves the window itself. A job that drains to the store has a recorder that
does, and what the recorder has stored is gone from the stream: a reader that comes late, or falls behind, catches
up in the store.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from redis import Redis

from seriatim import recording_store
from seriatim.audio.pcm import ms_of_bytes
from seriatim.errors import JobUnknown, Misconfigured, PositionLost
from seriatim.keys import END, GAP, StreamPosition, ordered_stream
from seriatim.lua import job_scripts as job_calls
from seriatim.lua import pool_scripts as pool_calls
from seriatim.lua.script_calls import run_many, translate_redis_errors
from seriatim.reassembler_heartbeats import records_into_folder
from seriatim.records import DrainMode
from seriatim.servers.redis_clients import BLOCK_S, block_of
from seriatim.state.stream_record import read_stream_record
from seriatim.stream_entries import Audio, Discontinuity, End, Entry, Gap, ReaderCursor, SentenceStart, decode

READ_ENTRIES = 64  #: of one XREAD: a few seconds of audio, a few hundred kB
SOON_S = 0.001  #: least wait for entries: 0 would be for ever
ALIVE = 1 / 3  #: a reader that waits shows life each time that this share of its job's grace is over, at least
REPORT_S = 0.2  #: after so long what was taken is reported,
REPORT_MS = 5_000  #: or when it is so much audio: a reader that is faster than speech must not wait for its own reports
Heard = SentenceStart | Audio | Discontinuity | Gap  #: what is heard before the end


@dataclass(slots=True)
class StreamReader:
    """One reader of one job."""

    job: str
    pool: str
    drain: DrainMode
    redis: "Redis"
    reader: "Redis"  #: its reads may block
    store_dir: Path
    cursor: ReaderCursor = field(default_factory=ReaderCursor)
    reported_s: float = 0.0  #: monotonic time of the last report,
    reported: StreamPosition = field(default_factory=StreamPosition)  #: and what it said
    reported_bytes: int = 0
    lost: bool = False  #: the source read last misses bytes behind the cursor
    missed: bool = False  #: the stream missed bytes, so that the recording must have them
    ended: bool = False  #: the job had ended when the stream gave nothing: so it has no more
    alive_s: float = BLOCK_S  #: longest wait without a sign of life
    stopped: threading.Event = field(default_factory=threading.Event)  #: nobody listens any more: stop waiting

    def entries(self, after: StreamPosition) -> Iterator[Heard | End]:
        """Everything behind `after`, up to the end, or until `stopped` is noticed, within `BLOCK_S`."""
        self.cursor = self.behind(after)
        stored = self.drain is DrainMode.STORE
        self._report(now=True)
        while not self.stopped.is_set():
            before = self.cursor.position
            for entry in self._fresh(stored=stored):
                if isinstance(entry, End):  # reported first: nobody asks for what follows it
                    self._report(now=True)
                    yield entry
                    return
                yield entry
                self._report(now=False)
            if self.cursor.position == before:
                stored = self._where_next(stored=stored)
            elif stored:
                self.missed = False  # what the stream missed was there

    def behind(self, position: StreamPosition) -> ReaderCursor:
        """A cursor behind a position; the sentence's marker says where its bytes lie in the job.

        Raises:
            PositionLost: that sentence is not held any more.
        """
        if position == StreamPosition():
            return ReaderCursor()
        marker = self._marker(StreamPosition(position.sentence, 0))
        if isinstance(marker, SentenceStart):
            return ReaderCursor.behind(position, marker.at, marker.rate_hz)
        if position.offset == GAP and isinstance(end := self._marker(StreamPosition(position.sentence, END)), End):
            record = read_stream_record(self.redis, self.job)
            return ReaderCursor.behind(position, end.n_bytes, record.rate_hz if record else 0)
        what = "is not held any more, or never was; what drains to the store can be read again"
        raise PositionLost(f"position {position} of job {self.job} {what}")

    def _marker(self, place: StreamPosition) -> Entry | None:
        """The marker at a place, of the stream or of the recording."""
        with translate_redis_errors():
            found = cast("list[Any]", self.redis.xrange(ordered_stream(self.job), str(place), str(place)))
        if found:
            return decode(*found[0])
        return next((m for m in recording_store.events(self.store_dir, self.job) if m.position == place), None)

    def _fresh(self, *, stored: bool) -> Iterator[Heard | End]:
        """What one source has behind the cursor; ends when it has no more, or when bytes are missing there."""
        self.lost = False
        for entry in recording_store.read(self.store_dir, self.job, self.cursor) if stored else self._streamed():
            try:
                new = self.cursor.feed(entry)
            except PositionLost:
                if self.drain is DrainMode.WINDOW:
                    raise
                self.lost = True
                return
            if new is not None:
                yield new

    def _streamed(self) -> list[Entry]:
        """The next entries; waits for them, but not before everything taken is reported."""
        block_s = self.alive_s if not self.ended else SOON_S
        if self.drain is DrainMode.WINDOW and self.cursor.position != self.reported:
            block_s = min(self.alive_s, max(SOON_S, self.reported_s + REPORT_S - time.monotonic()))
        entries = read_entries(self.reader, self.job, self.cursor.position, block_s)
        if not entries and block_s < self.alive_s and not self.ended:
            self._report(now=True)
            entries = read_entries(self.reader, self.job, self.cursor.position, self.alive_s)
        return entries

    def _where_next(self, *, stored: bool) -> bool:
        """After nothing came: the other source for a job in the store; for others a sign of life."""
        record = read_stream_record(self.redis, self.job)
        if record is None and (stored or self.drain is DrainMode.WINDOW):
            raise unknown(self.job)
        if self.drain is DrainMode.WINDOW:
            if self.ended:
                raise nothing_left(self.job, self.cursor.position)
            self._report(now=True)
            self.ended = record is None or record.state != "run"
            return False
        if stored and self.missed:
            raise recording_missing_error(self.redis, self.job, self.store_dir)
        self.missed = self.lost
        return not stored

    def _report(self, *, now: bool) -> None:
        """Tell the pool and the stream what this reader has."""
        cursor = self.cursor
        if self.drain is DrainMode.STORE or not (now or self._worth_a_report()):
            return
        self.reported_s, self.reported, self.reported_bytes = time.monotonic(), cursor.position, cursor.n_bytes
        delivered_ms = ms_of_bytes(cursor.n_bytes, cursor.rate_hz) if cursor.rate_hz else 0.0
        ack = pool_calls.ack(self.pool, self.job, delivered_ms)
        grace_ms, _ = run_many(self.redis, [ack, job_calls.heard(self.job, cursor.position)])
        if grace_ms:
            self.alive_s = min(BLOCK_S, ALIVE * grace_ms / 1000)

    def _worth_a_report(self) -> bool:
        fresh_ms = ms_of_bytes(self.cursor.n_bytes - self.reported_bytes, self.cursor.rate_hz or 1)
        return fresh_ms >= REPORT_MS or time.monotonic() - self.reported_s >= REPORT_S


def unknown(job: str) -> JobUnknown:
    """What to raise if Redis knows nothing of a job."""
    return JobUnknown(f"job {job} is unknown: it was never accepted, or it ended and its life is over")


def nothing_left(job: str, position: StreamPosition) -> PositionLost:
    """What to raise if a job has ended and its stream has nothing behind a position, not even the end."""
    return PositionLost(f"job {job} has ended, and what follows position {position} is not held any more")


def recording_missing_error(redis: "Redis", job: str, store_dir: Path) -> Misconfigured | PositionLost:
    """What to raise if the recording of a job is not where this process looks: it was removed, or is elsewhere.

    Raises:
        Unavailable: Redis does not answer.
    """
    if records_into_folder(redis, store_dir):
        return PositionLost(f"the recording of job {job} is not held any more: it was removed")
    where = f"a store that is not {str(store_dir)!r}"
    return Misconfigured(f"job {job} drains to {where}: set SERIATIM_STORE_DIR to its reassembler's")


def read_entries(reader: "Redis", job: str, after: StreamPosition, block_s: float) -> list[Entry]:
    """The next entries of an ordered stream; waits for them for `block_s`, or less where others want the connection."""
    block_s = block_of(reader, block_s)
    with translate_redis_errors():
        reply = reader.xread({ordered_stream(job): str(after)}, READ_ENTRIES, max(1, round(block_s * 1000)))
    rows = cast("list[Any]", reply)
    return [decode(entry_id, fields) for entry_id, fields in rows[0][1]] if rows else []


def await_entry(reader: "Redis", job: str, block_s: float) -> None:
    """Wait until the ordered stream grows, or a second is over."""
    last = cast("list[Any]", reader.xrevrange(ordered_stream(job), count=1))
    after = StreamPosition.parse(last[0][0].decode()) if last else StreamPosition()
    read_entries(reader, job, after, min(block_s, 1.0))
