"""A finished recording, as the store has it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from seriatim import recording_store
from seriatim.client.job import Job
from seriatim.recording_store import PIECE_BYTES
from seriatim.stream_entries import End, SentenceStart


@dataclass(frozen=True, slots=True)
class FinishedRecording:
    """A job that is done, with all its sound on disk."""

    folder: Path
    n_bytes: int
    rate_hz: int

    @property
    def audio(self) -> Path:
        """Its samples: s16le mono."""
        return self.folder / "audio.s16"


def recorded(job: Job) -> FinishedRecording | None:
    """The recording; None if the job is not done, has no sound, or is not recorded here."""
    root = Path(job.settings.store_dir)
    markers = recording_store.events(root, job.id)
    end = markers[-1] if markers else None
    rate_hz = next((m.rate_hz for m in markers if isinstance(m, SentenceStart) and m.rate_hz), 0)
    if not isinstance(end, End) or end.state != "done" or not rate_hz or not end.n_bytes:
        return None
    found = FinishedRecording(recording_store.folder(root, job.id), end.n_bytes, rate_hz)
    return found if found.audio.stat().st_size == end.n_bytes else None


def samples(found: FinishedRecording) -> Iterator[bytes]:
    """All of it, in pieces."""
    with found.audio.open("rb") as file:
        while pcm := file.read(PIECE_BYTES):
            yield pcm
