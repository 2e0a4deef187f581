"""The storage thread: stores jobs and follows plain readers, beside the thread that emits.

Writing waits for a disk, and following asks for several answers a job. Neither may hold up the audio of anybody: the
emitting thread only notes what it did, and the keeper, with a connection of its own, does what follows from that.
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

PACE_S = 0.1  #: between two looks at what is due to be stored
OUTAGE_S = 0.2  #: a pause after Redis did not answer


@dataclass(frozen=True, slots=True)
class EmitNote:
    """What an emit did for a job."""

    job: str
    emitted: EmitResult
    looked_at: bool  #: by the sweep, not because it was rung for


@dataclass(slots=True)
class StorageThread:
    """What one reassembler keeps beside emitting."""

    redis: "Redis"
    recorder: Recorder
    follow_within_ms: float  #: a plain reader that asked so lately counts as alive
    notes: "SimpleQueue[EmitNote]" = field(default_factory=SimpleQueue)

    def rung(self, job: str, emitted: EmitResult) -> None:
        """Note an emit that somebody rang for."""
        self.notes.put(EmitNote(job, emitted, looked_at=False))

    def swept(self, job: str, emitted: EmitResult) -> None:
        """Note an emit of the sweep."""
        self.notes.put(EmitNote(job, emitted, looked_at=True))

    def run(self, stopping: threading.Event) -> None:
        """Keep until told to stop. What is left over is found by the next look at the job, here or elsewhere."""
        while not stopping.is_set():
            try:
                self._step()
            except SeriatimError as error:
                log.warning("waiting for Redis", extra={"error": str(error)})
                stopping.wait(OUTAGE_S)

    def _step(self) -> None:
        until_s = time.monotonic() + PACE_S
        while (left_s := until_s - time.monotonic()) > 0:
            try:
                self._take(self.notes.get(timeout=left_s))
            except Empty:
                break
        self.recorder.record_due()

    def _take(self, note: EmitNote) -> None:
        emitted = note.emitted
        if emitted.drain == DrainMode.STORE and emitted.state:
            self.recorder.note(note.job, emitted.moved, ended=emitted.state != "run")
        elif note.looked_at and emitted.drain == DrainMode.WINDOW and emitted.state == "run":
            try:
                follow_plain_readers(self.redis, note.job, self.follow_within_ms)
            except ValueError as error:  # a position of a plain client that is none: its own job alone goes without
                log.warning("cannot follow a reader", extra={"job": note.job, "error": str(error)})
