"""The recorder: drains jobs into the store, which moves their windows.

Several recorders may write the same job: the same bytes go to the same place (seriatim/recording_store.py). The
position to continue from is in Redis (`stored_id`), written after the bytes are safe in the store: after a crash, the
worst case is that some bytes are written again.
"""

import logging
import time
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any, cast

from redis import Redis

from seriatim import recording_store
from seriatim.audio.pcm import ms_of_bytes
from seriatim.errors import CommandRefused, Misconfigured, PositionLost, SeriatimError, StoreUnavailable
from seriatim.keys import END, StreamPosition, ordered_stream
from seriatim.lua import job_scripts as job_calls
from seriatim.lua import pool_scripts as pool_calls
from seriatim.lua.script_calls import run_many
from seriatim.process import watched_tasks
from seriatim.recordings.store_place import StorePlace
from seriatim.state.stream_record import StreamRecord, read_stream_record
from seriatim.stream_entries import Entry, ReaderCursor, decode

log = logging.getLogger(__name__)

RECORD_S = 0.5  #: interval at which a growing job is written: each write costs a sync of the disk
BUCKET_RECORD_S = 2.0  #: the same for a bucket: each write is a request, which takes 20 to 100 ms and costs money
MAX_PENDING_CHUNKS = 32  #: a job is written earlier once it has this many new chunks, so that its window stays open
MAX_READ = 128  #: entries per read
RETRY_S = 5.0  #: after a store did not take a job
BUCKET_THREADS = 8  #: jobs that are written to a bucket at once; a job waits for its own last write


@dataclass(slots=True)
class Recorder:
    """The jobs that have something to store, and since when."""

    redis: "Redis"
    store_dir: StorePlace
    pending_since_s: dict[str, float] = field(
        default_factory=dict
    )  #: job -> monotonic time of its first entry not yet stored
    pending_chunks: dict[str, int] = field(default_factory=dict)  #: job -> chunks since it was stored
    retry_s: dict[str, float] = field(default_factory=dict)  #: job -> monotonic time before which it is not tried again
    running: set[str] = field(default_factory=set)  #: jobs that a thread is writing; others only add to the dicts
    queue: "SimpleQueue[str]" = field(default_factory=SimpleQueue)  #: jobs for the threads that write to a bucket

    def __post_init__(self) -> None:
        if not self.is_folder:
            for _ in range(BUCKET_THREADS):  # daemons: a process that ends does not wait for a server without an answer
                watched_tasks.start("recording", self._record_queued)

    @property
    def is_folder(self) -> bool:
        """Whether the store is a folder: then jobs are written one after another."""
        return isinstance(self.store_dir, Path)

    @property
    def interval_s(self) -> float:
        """The interval at which a growing job is written."""
        return RECORD_S if self.is_folder else BUCKET_RECORD_S

    def note(self, job: str, n_chunks: int, *, ended: bool) -> None:
        """Note that a recorded job has grown, or has ended: then it is stored at once."""
        self.pending_chunks[job] = self.pending_chunks.get(job, 0) + n_chunks
        now = ended or self.pending_chunks[job] >= MAX_PENDING_CHUNKS
        self.pending_since_s[job] = 0.0 if now else self.pending_since_s.get(job, time.monotonic())

    def record_due(self) -> None:
        """Store the jobs that are due.

        Raises:
            Unavailable: Redis does not answer.
        """
        now_s = time.monotonic()
        for job, since_s in list(self.pending_since_s.items()):
            is_due = now_s - since_s >= self.interval_s and now_s >= self.retry_s.get(job, 0.0)
            if is_due and job not in self.running:
                del self.pending_since_s[job]
                self.pending_chunks.pop(job, None)
                if self.is_folder:
                    self._try_record(job)
                else:
                    self.running.add(job)
                    self.queue.put(job)

    def _try_record(self, job: str) -> None:
        try:
            record(self.redis, self.store_dir, job)
            self.retry_s.pop(job, None)
        except CommandRefused:  # Redis', and no fault of the store
            raise
        except (OSError, PositionLost, ValueError, StoreUnavailable, Misconfigured) as error:
            log.warning(
                "recording not stored; retrying", extra={"job": job, "store": str(self.store_dir), "error": str(error)}
            )
            self._retry_later(job)  # the disk may be full: the job stops at its window until it is not

    def _retry_later(self, job: str) -> None:
        self.retry_s[job] = time.monotonic() + RETRY_S
        self.pending_since_s[job] = 0.0

    def _record_queued(self) -> None:
        while True:
            job = self.queue.get()
            try:
                self._try_record(job)
            except SeriatimError as error:
                log.warning("waiting for Redis", extra={"error": str(error)})
                self._retry_later(job)
            except BaseException:  # a fault of ours: the thread begins anew
                self._retry_later(job)
                raise
            finally:
                self.running.discard(job)


def record(redis: "Redis", store_dir: StorePlace, job: str) -> bool:
    """Store everything in the ordered stream that is not yet stored; True if the job is complete.

    Raises:
        OSError: the disk is full, or not writable.
        StoreUnavailable, Misconfigured: the bucket does not take it.
        PositionLost: the stream begins after what is stored: the store is another one, or was emptied.
    """
    known = read_stream_record(redis, job)
    cursor = _stored_cursor(known, store_dir, job)
    if cursor.position.offset == END:
        return True
    ended = False
    while entries := _read_entries(redis, job, cursor.position):
        ended = recording_store.write(store_dir, job, cursor, entries)
        _report_stored(redis, job, known.pool if known else "", cursor, ended=ended)
        if len(entries) < MAX_READ:
            break
    return ended


def _stored_cursor(known: StreamRecord | None, store_dir: StorePlace, job: str) -> ReaderCursor:
    if known is None or known.stored is None:
        return ReaderCursor()
    if not recording_store.store_at(store_dir).holds(job):
        raise PositionLost(f"{store_dir} does not hold the beginning of job {job}; do all recorders share one store?")
    return ReaderCursor.behind(known.stored, known.stored_bytes - known.stored.n_bytes, known.rate_hz)


def _read_entries(redis: "Redis", job: str, after: StreamPosition) -> list[Entry]:
    rows = cast("list[Any]", redis.xrange(ordered_stream(job), f"({after}", "+", MAX_READ))
    return [decode(entry_id, fields) for entry_id, fields in rows]


def _report_stored(redis: "Redis", job: str, pool: str, cursor: ReaderCursor, *, ended: bool) -> None:
    calls: list[Any] = [job_calls.recorded(job, str(cursor.position), cursor.n_bytes, end=ended)]
    if pool and cursor.rate_hz:
        calls.append(pool_calls.ack(pool, job, ms_of_bytes(cursor.n_bytes, cursor.rate_hz)))
    run_many(redis, calls)
