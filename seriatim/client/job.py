"""A handle on a job: its audio, its status, its control. Works in any process that reaches Redis."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from redis import Redis

from seriatim import recording_store
from seriatim.audio.pcm import UNKNOWN_RATE_HZ, ms_of_bytes
from seriatim.client.job_options import RANGES
from seriatim.client.option_checks import check_range
from seriatim.client.stream_reader import StreamReader, await_entry
from seriatim.dispatch import run_with_epoch
from seriatim.errors import BadInput, JobUnknown, error_of_end
from seriatim.keys import StreamPosition, ordered_stream, pool_prefix
from seriatim.lua import job_scripts as job_calls
from seriatim.lua import pool_scripts as pool_calls
from seriatim.lua.script_calls import run, translate_redis_errors
from seriatim.reader_state import PlayableEntry
from seriatim.reassembler_heartbeats import store_of_system
from seriatim.recordings.store_place import StorePlace
from seriatim.records import DrainMode, JobSpec
from seriatim.servers.redis_clients import BLOCK_S
from seriatim.settings import Settings
from seriatim.state.job_record import read_job
from seriatim.state.pool_record import read_pool
from seriatim.state.stream_record import read_stream_record
from seriatim.stream_entries import Audio, End, Gap, SentenceStart

MAX_REASON_CHARS = 500  #: of a cancellation; it is sent to every reader, and kept in the to-do list


@dataclass(frozen=True, slots=True)
class JobStatus:
    """The current status of a job."""

    job: str
    state: str  #: run, done, cancelled, failed, timed_out
    reason: str = ""
    sentences: int = 0  #: known so far
    emitted: int = 0  #: complete in the ordered stream
    n_bytes: int = 0  #: of audio in the ordered stream
    rate_hz: int = 0
    closed: bool = True  #: no more text follows
    delivered_ms: float = 0.0  #: audio that its reader or recorder has
    in_flight: int = 0
    kind: str = ""  #: live, batch; "" where only the recording, or the stream, is left of it
    user: str = ""
    gaps: int = 0  #: sentences that were given up, and are missing in whole or in part
    doubtful: int = 0  #: sentences that an engine marked as doubtful (`Job.marks`)
    warning: str = ""  #: of its submission, as `Job.warning`; "" once its pool has forgotten it

    @property
    def ended(self) -> bool:
        """True if the job has ended, in whatever state."""
        return self.state != "run"

    @property
    def audio_s(self) -> float:
        """Seconds of audio in the ordered stream."""
        return ms_of_bytes(self.n_bytes, self.rate_hz) / 1000 if self.rate_hz else 0.0


@dataclass(slots=True)
class Job:
    """A handle on one job."""

    id: str
    pool: str
    drain: DrainMode
    redis: "Redis" = field(repr=False)
    reader: "Redis" = field(repr=False)  #: its reads may block
    settings: Settings = field(repr=False)
    #: what its submission is warned of, such as German text with an English voice, in the process that submitted it
    warning: str = ""

    @property
    def store_dir(self) -> StorePlace:
        """The store of recordings, looked up anew: the reassembler may have started after the job."""
        return store_of_system(self.redis, self.settings.store_dir)

    def audio(self, after: str = "0-0", stopped: threading.Event | None = None) -> Iterator[PlayableEntry]:
        """Iterate over the job in order, as it becomes ready: sentence markers, PCM, gaps.

        `after` is the position of the last entry that the caller has (`str(entry.position)`); iteration continues at
        the next byte. Taking an entry reports the one before as read: a caller that stops taking entries stops the
        synthesis of this job at its window. Another thread ends the iteration by setting `stopped`, which is noticed
        within five seconds while no audio arrives.

        Raises:
            JobFailed, JobCancelled, TimedOut: after all entries before it.
            JobUnknown: no such job, or it has expired.
            PositionLost: what follows `after` is no longer stored.
            Misconfigured: it is recorded in another store than SERIATIM_STORE_DIR.
            BadInput: `after` is not a position.
        """
        reading = StreamReader(self.id, self.pool, self.drain, self.redis, self.reader, lambda: self.store_dir)
        reading.stopped = stopped or reading.stopped
        for entry in reading.entries(_parse_position(after)):
            if isinstance(entry, End):
                if entry.state != "done":
                    raise error_of_end(self.id, entry.state, entry.reason)
                return
            yield entry

    def pcm(self, after: str = "0-0") -> Iterator[bytes]:
        """Iterate over the audio alone: s16le mono at `rate_hz()`."""
        return (entry.pcm for entry in self.audio(after) if isinstance(entry, Audio))

    def wait(self, timeout_s: float | None = None) -> JobStatus:
        """Wait for the end. The job must be drained meanwhile: by its reader, or by the recorder for stored jobs.

        Raises:
            TimeoutError: it has not ended within `timeout_s`.
            JobUnknown: no such job, or it has expired.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not (status := self.status()).ended:
            left = BLOCK_S if deadline is None else deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"job {self.id} has not ended within {timeout_s} s: {status}")
            await_entry(self.reader, self.id, left)
        return status

    def status(self) -> JobStatus:
        """The current status of the job.

        Raises:
            JobUnknown: no such job, or it has expired.
        """
        stream = read_stream_record(self.redis, self.id)
        if stream is None:
            return self._stored_status()
        status = JobStatus(
            self.id, stream.state, stream.reason, max(stream.emitted, stream.sentences), stream.emitted, stream.n_bytes,
            stream.rate_hz, gaps=stream.gaps, doubtful=len(self.marks()),
        )  # fmt: skip
        job = read_job(self.redis, self.pool, self.id)
        if job is None:
            return status
        return replace(
            status, sentences=job.sentences, closed=job.closed, delivered_ms=job.acked_ms, in_flight=job.in_flight,
            kind=job.kind, user=job.user, warning=JobSpec.from_json(job.spec).warning if job.spec else "",
        )  # fmt: skip

    def marks(self) -> dict[int, tuple[str, ...]]:
        """The engine's marks on doubtful sentences, by 0-based seq: "cut", "again" and the like."""
        with translate_redis_errors():
            kept = cast("dict[bytes, bytes]", self.redis.hgetall(f"{pool_prefix(self.pool)}:jm:{self.id}"))
        found: dict[int, tuple[str, ...]] = {}
        for seq, _, word in sorted(entry.decode().split("|", 2) for entry in kept):
            found[int(seq)] = (*found.get(int(seq), ()), word)
        return found

    def cancel(self, reason: str = "cancelled by its user") -> bool:
        """Cancel the job: nothing more is spoken or emitted. False if it had ended already."""
        ended_life_ms = round(self.settings.ended_job_ttl_s * 1000)
        reason = reason.encode("utf-8", "replace").decode()[:MAX_REASON_CHARS]
        entry = run(self.redis, pool_calls.cancel(self.pool, self.id, "cancelled", reason, ended_life_ms))
        ended, epoch = run_with_epoch(self.redis, self.pool, job_calls.end(self.id, "cancelled", reason))
        if entry:
            run(self.redis, pool_calls.strike(self.pool, epoch, [entry]))
        return ended

    @property
    def stream(self) -> str:
        """The key of its ordered stream, for plain Redis clients (docs/reference/ordered-stream.md)."""
        return ordered_stream(self.id)

    def report_played(self, heard_ms: float) -> None:
        """Report how much of the job has really been played, so that its deadlines follow playback."""
        run(self.redis, pool_calls.ack(self.pool, self.id, 0, heard_ms))

    def tune(self, *, priority: int | None = None, weight: float | None = None) -> bool:
        """Change the job's priority among its user's (-9..9), or the user's weight until the next job sets its own.

        For a lasting weight, use `seriatim.client.operator_limits.set_user_limits`. False if the job has ended.

        Raises:
            UnknownOption: a value outside its range.
        """
        for name, value in (("priority", priority), ("weight", weight)):
            if value is not None:
                check_range(name, value, *RANGES[name])
        return run(self.redis, pool_calls.tune(self.pool, self.id, priority=priority, weight=weight))

    def rate_hz(self) -> int:
        """Samples per second; 0 before anything is spoken."""
        return self.status().rate_hz

    def silence_hz(self) -> int:
        """Samples per second of the short silence that stands for a job of no sentences: that of its pool."""
        return (read_pool(self.redis, self.pool).rate_hz if self.pool else 0) or UNKNOWN_RATE_HZ

    def recorded(self) -> bool:
        """Return whether the store that this process reads has a recording of the job."""
        return bool(recording_store.events(self.store_dir, self.id))

    def save(self, path: str | Path) -> JobStatus:
        """Write the job to a file, in the format of its ending; the file gets its name only once it is complete.

        A job of a text with nothing to speak (`empty="silence"`) is a silence of 50 ms.

        Raises:
            UnknownFormat, Unwritable: the file.
            JobFailed, JobCancelled, TimedOut, JobUnknown: the job.
        """
        from seriatim.client.save_audio import save_audio  # soundfile and numpy are needed only here

        save_audio(self.audio(), Path(path), self.silence_hz)
        return self.status()

    def _stored_status(self) -> JobStatus:
        stored = recording_store.events(self.store_dir, self.id)
        if not stored or not isinstance(stored[-1], End):
            raise JobUnknown(f"job {self.id} is unknown: it was never accepted, or it has ended and expired")
        end = stored[-1]
        rate_hz = next((m.rate_hz for m in stored if isinstance(m, SentenceStart)), 0)
        gaps = sum(isinstance(marker, Gap) for marker in stored)
        n = end.n_sentences
        return JobStatus(self.id, end.state, end.reason, n, n, end.n_bytes, rate_hz, gaps=gaps)


def _parse_position(after: str) -> StreamPosition:
    try:
        return StreamPosition.parse(after).resumed
    except ValueError as error:
        raise BadInput(str(error)) from None
