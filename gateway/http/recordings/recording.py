"""A finished recording in the store."""

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.http.recordings.sidecar_files import store_of
from gateway.http.recordings.stored_file import StoredFile, size_of
from seriatim.audio.output_file import translate_write_errors
from seriatim.audio.pcm import short_silence
from seriatim.client.job import Job
from seriatim.errors import PositionLost
from seriatim.recording_store import RecordingStore
from seriatim.recordings.bucket_audio import BucketAudio
from seriatim.recordings.bucket_store import BucketStore
from seriatim.recordings.stored_recording import SAMPLES
from seriatim.stream_entries import End, SentenceStart


@dataclass(frozen=True, slots=True)
class BucketSamples:
    """The samples of a finished recording in a bucket, as a file."""

    audio: BucketAudio
    n_bytes: int

    def pieces(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` up to `stop`."""
        return self.audio.pieces(start, stop)


@dataclass(frozen=True, slots=True)
class FinishedRecording:
    """The recording of a job that is done, with all its audio in the store."""

    store: RecordingStore
    job: str
    n_bytes: int
    rate_hz: int
    is_silent: bool = False  #: no sentence was spoken: a short silence stands for its audio

    def samples(self) -> StoredFile | None:
        """The file of its samples, s16le mono; None if the store does not have it."""
        if not self.is_silent and isinstance(self.store, BucketStore):
            audio = BucketAudio(self.store, self.job)
            return BucketSamples(audio, audio.stored_bytes())
        return self.store.find_file(self.job, f"silence.{self.rate_hz}.s16" if self.is_silent else SAMPLES)

    def read_samples(self) -> Iterator[bytes]:
        """Read all samples, in blocks.

        Raises:
            PositionLost: the recording was removed meanwhile.
        """
        if self.is_silent:
            yield short_silence(self.rate_hz)
            return
        n_bytes = 0
        with self.store.open_audio(self.job) as audio:
            for pcm in audio.pieces(0, self.n_bytes):
                n_bytes += len(pcm)
                yield pcm
        if n_bytes < self.n_bytes:
            raise PositionLost(f"the recording of job {self.job} was removed while it was read")


def find_recording(job: Job) -> FinishedRecording | None:
    """Find the recording of a job; None if the job is not done, has lost its audio, or is not recorded here.

    Raises:
        Unwritable: the disk is full, or not writable.
        StoreUnavailable, Misconfigured: the bucket cannot be used.
    """
    store = store_of(job)
    markers, _ = store.read_events(job.id)
    end = markers[-1] if markers else None
    if not isinstance(end, End) or end.state != "done":
        return None
    if not end.n_sentences:
        return _silent_recording(store, job.id, job.silence_hz())
    rate_hz = next((m.rate_hz for m in markers if isinstance(m, SentenceStart) and m.rate_hz), 0)
    if not rate_hz or not end.n_bytes:
        return None
    recording = FinishedRecording(store, job.id, end.n_bytes, rate_hz)
    samples = recording.samples()
    return recording if samples is not None and size_of(samples) == end.n_bytes else None


def has_nothing_to_speak(job: Job) -> bool:
    """Whether a job is one of a text without speech, which is done at once.

    Raises:
        JobUnknown: no such job, or it has expired.
    """
    status = job.status()
    is_known = status.state == "done" or (status.state == "run" and bool(status.kind) and status.closed)
    return is_known and not status.sentences


def _silent_recording(store: RecordingStore, job: str, rate_hz: int) -> FinishedRecording:
    """The recording of a text without speech; its samples are written at the first request."""
    pcm = short_silence(rate_hz)
    recording = FinishedRecording(store, job, len(pcm), rate_hz, is_silent=True)
    if recording.samples() is None:
        with translate_write_errors(f"job {job}"):
            store.write_file(job, f"silence.{rate_hz}.s16", pcm, only_new=True)
    return recording
