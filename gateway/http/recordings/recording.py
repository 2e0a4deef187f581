"""A finished recording in the store."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from seriatim import recording_store
from seriatim.client.job import Job
from seriatim.recording_store import PIECE_BYTES
from seriatim.stream_entries import End, SentenceStart


@dataclass(frozen=True, slots=True)
class FinishedRecording:
    """The recording of a job that is done, with all its audio on disk."""

    folder: Path
    n_bytes: int
    rate_hz: int

    @property
    def audio(self) -> Path:
        """The file of its samples: s16le mono."""
        return self.folder / "audio.s16"


def find_recording(job: Job) -> FinishedRecording | None:
    """Find the recording of a job; None if the job is not done, has no audio, or is not recorded here."""
    root = Path(job.settings.store_dir)
    markers = recording_store.events(root, job.id)
    end = markers[-1] if markers else None
    rate_hz = next((m.rate_hz for m in markers if isinstance(m, SentenceStart) and m.rate_hz), 0)
    if not isinstance(end, End) or end.state != "done" or not rate_hz or not end.n_bytes:
        return None
    recording = FinishedRecording(recording_store.folder(root, job.id), end.n_bytes, rate_hz)
    return recording if recording.audio.stat().st_size == end.n_bytes else None


def read_samples(recording: FinishedRecording) -> Iterator[bytes]:
    """Read all samples, in blocks."""
    with recording.audio.open("rb") as file:
        while pcm := file.read(PIECE_BYTES):
            yield pcm
