"""A finished recording in the store."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from seriatim import recording_store
from seriatim.audio.output_file import translate_write_errors
from seriatim.audio.pcm import short_silence
from seriatim.client.job import Job
from seriatim.recording_store import PIECE_BYTES
from seriatim.stream_entries import End, SentenceStart


@dataclass(frozen=True, slots=True)
class FinishedRecording:
    """The recording of a job that is done, with all its audio on disk."""

    folder: Path
    n_bytes: int
    rate_hz: int
    is_silent: bool = False  #: no sentence was spoken: a short silence stands for its audio

    @property
    def audio(self) -> Path:
        """The file of its samples: s16le mono."""
        return self.folder / (f"silence.{self.rate_hz}.s16" if self.is_silent else "audio.s16")


def find_recording(job: Job) -> FinishedRecording | None:
    """Find the recording of a job; None if the job is not done, has lost its audio, or is not recorded here.

    Raises:
        Unwritable: the disk is full, or not writable.
    """
    root = Path(job.settings.store_dir)
    markers = recording_store.events(root, job.id)
    end = markers[-1] if markers else None
    if not isinstance(end, End) or end.state != "done":
        return None
    place = recording_store.folder(root, job.id)
    if not end.n_sentences:
        return _silent_recording(place, job.silence_hz())
    rate_hz = next((m.rate_hz for m in markers if isinstance(m, SentenceStart) and m.rate_hz), 0)
    if not rate_hz or not end.n_bytes:
        return None
    recording = FinishedRecording(place, end.n_bytes, rate_hz)
    return recording if recording.audio.stat().st_size == end.n_bytes else None


def has_nothing_to_speak(job: Job) -> bool:
    """Whether a job is one of a text without speech, which is done at once.

    Raises:
        JobUnknown: no such job, or it has expired.
    """
    status = job.status()
    is_known = status.state == "done" or (status.state == "run" and bool(status.kind) and status.closed)
    return is_known and not status.sentences


def _silent_recording(place: Path, rate_hz: int) -> FinishedRecording:
    """The recording of a text without speech; its samples are written at the first request."""
    pcm = short_silence(rate_hz)
    recording = FinishedRecording(place, len(pcm), rate_hz, is_silent=True)
    if not recording.audio.exists():
        part = recording.audio.with_name(f"{recording.audio.name}.{secrets.token_hex(4)}.part")
        with translate_write_errors(f"job {place.name}"):
            part.write_bytes(pcm)
            part.replace(recording.audio)
    return recording


def read_samples(recording: FinishedRecording) -> Iterator[bytes]:
    """Read all samples, in blocks."""
    with recording.audio.open("rb") as file:
        while pcm := file.read(PIECE_BYTES):
            yield pcm
