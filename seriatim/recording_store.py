"""The recording store: recordings of jobs that drain to it, for late readers, second readers, ranges and captions.

It is a folder (seriatim/recordings/folder_store.py), or a bucket of an S3-compatible server (bucket_store.py). Events
and audio are the same in both, byte for byte (recording_events.py).

Audio and markers are written by recorders (reassembler/recorder.py) only. Several may write one job at once, and a
reader may read while a recorder writes. A job is complete when its events end with `end`.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from seriatim.keys import StreamPosition
from seriatim.recordings.bucket_store import BucketStore
from seriatim.recordings.folder_store import FolderStore
from seriatim.recordings.recording_events import Marker, marker_offset
from seriatim.recordings.store_place import StorePlace
from seriatim.stream_entries import Audio, Entry, ReaderCursor, SentenceStart

RecordingStore = FolderStore | BucketStore


def store_at(place: StorePlace) -> RecordingStore:
    """The store at a place."""
    return FolderStore(place) if isinstance(place, Path) else BucketStore(place)


def folder(store: Path, job: str) -> Path:
    """The folder of a job's recording, of a store in a folder."""
    return FolderStore(store).job_folder(job)


def write(store: StorePlace, job: str, cursor: ReaderCursor, entries: Iterable[Entry]) -> bool:
    """Store entries that follow `cursor`, advance the cursor, and return once they are safe.

    Returns True if the job's end was among them.

    Raises:
        PositionLost: bytes before the first entry are missing.
        OSError: the disk is full, or not writable.
        StoreUnavailable, Misconfigured: the bucket does not take them.
    """
    return store_at(store).write(job, cursor, entries)


def read(store: StorePlace, job: str, cursor: ReaderCursor) -> Iterator[Entry]:
    """The stored entries after `cursor`, in order: markers, and audio in pieces. Ends at the end stored so far."""
    recordings = store_at(store)
    found, stored = recordings.read_events(job)
    if stored.position == StreamPosition():
        return
    markers, n_bytes = [m for m in found if m.position > cursor.position], stored.n_bytes
    with recordings.open_audio(job) as audio:
        sentence, at, have = cursor.position.sentence, cursor.at, cursor.have
        for marker in [*markers, None]:
            stop = n_bytes if marker is None else min(n_bytes, marker_offset(marker, at))
            for pcm in audio.pieces(at + have, stop):
                have += len(pcm)
                yield Audio(StreamPosition(sentence, have), pcm)
            if marker is None:
                return
            if isinstance(marker, SentenceStart):
                sentence, at, have = marker.seq + 1, marker.at, 0
            yield marker


def events(store: StorePlace, job: str) -> list[Marker]:
    """The markers of a recording, in order, each once."""
    return store_at(store).read_events(job)[0]


def first(store: StorePlace, job: str) -> Marker | None:
    """The first marker of a recording; None while there is none."""
    return store_at(store).first(job)


def remove(store: StorePlace, job: str) -> bool:
    """Remove a recording and its side files; False if there is none. A current reader may lose the rest."""
    return store_at(store).remove(job)
