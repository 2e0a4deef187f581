"""The storage thread: stores jobs and follows plain readers, beside the emitting thread.

Writing waits for a disk, and following a reader takes several round trips per job. Neither may delay audio: the
emitting thread only queues notes of what it did, and this thread, with a connection of its own, acts on them.
"""

import logging
import threading
import time
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from redis import Redis

from reassembler.plain_reader_progress import follow_plain_readers
from reassembler.recorder import Recorder
from seriatim.errors import SeriatimError
from seriatim.lua.job_scripts import EmitResult
from seriatim.records import DrainMode

log = logging.getLogger(__name__)

ROUND_S = 0.1  #: interval at which due recordings are written
OUTAGE_S = 0.2  #: pause after Redis did not answer


@dataclass(frozen=True, slots=True)
class EmitNote:
    """The result of one emit for a job."""

    job: str
    emitted: EmitResult
    by_sweep: bool  #: by the sweep, not because of a notification


@dataclass(slots=True)
class StorageThread:
    """The queue of emit notes, and the thread that works on it."""

    redis: "Redis"
    recorder: Recorder
    reader_alive_ms: float  #: a plain reader that read within this time counts as alive
    notes: "SimpleQueue[EmitNote]" = field(default_factory=SimpleQueue)

    def emit_notified(self, job: str, emitted: EmitResult) -> None:
        """Queue the result of an emit that followed a notification."""
        self.notes.put(EmitNote(job, emitted, by_sweep=False))

    def emit_swept(self, job: str, emitted: EmitResult) -> None:
        """Queue the result of an emit of the sweep."""
        self.notes.put(EmitNote(job, emitted, by_sweep=True))

    def run(self, stopping: threading.Event) -> None:
        """Work until `stopping` is set. The next sweep of a job, by any reassembler, catches up on what is left."""
        while not stopping.is_set():
            try:
                self._run_round()
            except SeriatimError as error:
                log.warning("waiting for Redis", extra={"error": str(error)})
                stopping.wait(OUTAGE_S)

    def _run_round(self) -> None:
        until_s = time.monotonic() + ROUND_S
        while (left_s := until_s - time.monotonic()) > 0:
            try:
                self._handle(self.notes.get(timeout=left_s))
            except Empty:
                break
        self.recorder.record_due()

    def _handle(self, note: EmitNote) -> None:
        emitted = note.emitted
        if emitted.drain == DrainMode.STORE and emitted.state:
            self.recorder.note(note.job, emitted.moved, ended=emitted.state != "run")
        elif note.by_sweep and emitted.drain == DrainMode.WINDOW and emitted.state == "run" and not emitted.reported:
            try:
                follow_plain_readers(self.redis, note.job, self.reader_alive_ms)
            except ValueError as error:  # a client set an invalid position: only its own job is not followed
                log.warning("plain reader has an invalid position", extra={"job": note.job, "error": str(error)})
