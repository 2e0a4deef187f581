"""The recorder: drains jobs into the file store, and the window moves with it.

Several recorders may write the same job: the same bytes go to the same place (seriatim/recording_store.py). Where to
go on stands in Redis (`stored_id`), written after the bytes are safe on disk: a recorder that died left at worst bytes
that are written again.
"""

import logging
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from redis import Redis

from seriatim import recording_store
from seriatim.audio.pcm import ms_of_bytes
from seriatim.errors import PositionLost
from seriatim.keys import END, StreamPosition, ordered_stream
from seriatim.lua import job_scripts as job_calls
from seriatim.lua import pool_scripts as pool_calls
from seriatim.lua.script_calls import run_many
from seriatim.state.stream_record import StreamRecord, read_stream_record
from seriatim.stream_entries import Entry, ReaderCursor, decode

log = logging.getLogger(__name__)

EVERY_S = 0.5  #: a job is written so often while it grows: each time costs a sync of the disk;
MANY = 32  #: or when it has grown by so many chunks: its window shall not close meanwhile
READ = 128  #: entries of one read


@dataclass(slots=True)
class Recorder:
    """Which jobs have something to store, and since when."""

    redis: "Redis"
    store_dir: Path
    grown: dict[str, float] = field(default_factory=dict)  #: job -> monotonic time of its first entry not yet stored
    chunks: dict[str, int] = field(default_factory=dict)  #: job -> chunks since it was stored
    troubled: dict[str, float] = field(
        default_factory=dict
    )  #: job -> monotonic time before which it is not tried again

    def note(self, job: str, n_chunks: int, *, ended: bool) -> None:
        """A job of the store has grown, or ended, which waits for nothing."""
        self.chunks[job] = self.chunks.get(job, 0) + n_chunks
        now = ended or self.chunks[job] >= MANY
        self.grown[job] = 0.0 if now else self.grown.get(job, time.monotonic())

    def record_due(self) -> None:
        """Store what has waited long enough."""
        now_s = time.monotonic()
        for job, since_s in list(self.grown.items()):
            if now_s - since_s >= EVERY_S and now_s >= self.troubled.get(job, 0.0):
                del self.grown[job]
                self.chunks.pop(job, None)
                self._try(job)

    def _try(self, job: str) -> None:
        try:
            record(self.redis, self.store_dir, job)
            self.troubled.pop(job, None)
        except (OSError, PositionLost, ValueError) as error:
            log.warning("cannot store", extra={"job": job, "store": str(self.store_dir), "error": str(error)})
            self.troubled[job] = (
                time.monotonic() + 5.0
            )  # the disk may be full: the job stops at its window until it is not
            self.grown[job] = 0.0


def record(redis: "Redis", store_dir: Path, job: str) -> bool:
    """Store everything that the ordered stream has beyond what is stored; True if that was the end of the job.

    Raises:
        OSError: the disk is full, or not writable.
        PositionLost: the stream does not reach back to what is stored: the store is another one, or was emptied.
    """
    known = read_stream_record(redis, job)
    cursor = _cursor(known, store_dir, job)
    if cursor.position.offset == END:
        return True
    ended = False
    while entries := _read(redis, job, cursor.position):
        ended = recording_store.write(store_dir, job, cursor, entries)
        _recorded(redis, job, known.pool if known else "", cursor, ended=ended)
        if len(entries) < READ:
            break
    return ended


def _cursor(known: StreamRecord | None, store_dir: Path, job: str) -> ReaderCursor:
    if known is None or known.stored is None:
        return ReaderCursor()
    if not recording_store.folder(store_dir, job).is_dir():
        raise PositionLost(f"{store_dir} does not hold the beginning of job {job}; do all recorders share one store?")
    return ReaderCursor.behind(known.stored, known.stored_bytes - known.stored.n_bytes, known.rate_hz)


def _read(redis: "Redis", job: str, after: StreamPosition) -> list[Entry]:
    rows = cast("list[Any]", redis.xrange(ordered_stream(job), f"({after}", "+", READ))
    return [decode(entry_id, fields) for entry_id, fields in rows]


def _recorded(redis: "Redis", job: str, pool: str, cursor: ReaderCursor, *, ended: bool) -> None:
    calls: list[Any] = [job_calls.recorded(job, str(cursor.position), cursor.n_bytes, end=ended)]
    if pool and cursor.rate_hz:
        calls.append(pool_calls.ack(pool, job, ms_of_bytes(cursor.n_bytes, cursor.rate_hz)))
    run_many(redis, calls)
