"""The folder store: recordings in a folder that reassemblers and gateways share.

    <store>/<shard>/<job>/audio.s16      the job's audio, s16le mono, from byte 0
    <store>/<shard>/<job>/events.jsonl   markers of the ordered stream, one JSON object a line, in order
    <store>/<shard>/<job>/owner          its user, written by a gateway, as are
    <store>/<shard>/<job>/title, text    its source text (gateway/http/recordings/sidecar_files.py), and
    <store>/<shard>/<job>/audio.<format> the same audio in other formats (gateway/http/recordings/encoded_files.py)
    <store>/<shard>/<job>/silence.<rate>.s16, of a text without speech (gateway/http/recordings/recording.py)
    <store>/<shard>/.<job>.<random>      a recording that is being removed

Several recorders may write one job at once: audio goes to its absolute offset, so the same bytes go to the same place.
"""

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from seriatim.errors import Misconfigured
from seriatim.keys import JOB_ID, shard_of
from seriatim.recordings.recording_events import Marker, StoredPosition, feed_entries, merge_events, parse_event
from seriatim.recordings.stored_recording import PIECE_BYTES, SAMPLES, StoredRecording
from seriatim.stream_entries import Entry, ReaderCursor

GRAVE = "."  #: prefix of the name of a recording that is being removed


@dataclass(frozen=True, slots=True)
class FolderStore:
    """The store in a folder, which the first recording creates."""

    folder: Path

    def job_folder(self, job: str) -> Path:
        """The folder of a job's recording."""
        return self.folder / f"{shard_of(job):02d}" / job

    def write(self, job: str, cursor: ReaderCursor, entries: Iterable[Entry]) -> bool:
        """Store entries, as `recording_store.write` does.

        Raises:
            PositionLost: bytes before the first entry are missing.
            OSError: the disk is full, or not writable.
        """
        place = self.job_folder(job)
        place.mkdir(parents=True, exist_ok=True)
        recorded = feed_entries(cursor, entries)
        with _OpenFile(place / SAMPLES) as audio:
            for at, pcm in recorded.audio:
                _write_at(audio, pcm, at)
            os.fdatasync(audio)
        _append_lines(place / "events.jsonl", recorded.lines)
        return recorded.ended

    def read_events(self, job: str) -> tuple[list[Marker], StoredPosition]:
        """The stored markers, and the position up to which everything is stored."""
        try:
            with self._translated():
                lines = (self.job_folder(job) / "events.jsonl").read_text("utf-8", errors="replace").split("\n")
        except FileNotFoundError:
            lines = []
        return merge_events(lines)

    def first(self, job: str) -> Marker | None:
        """The first marker, without reading the others; None while there is none."""
        try:
            with (
                self._translated(),
                (self.job_folder(job) / "events.jsonl").open(encoding="utf-8", errors="replace") as lines,
            ):
                event = parse_event(lines.readline())
        except FileNotFoundError:
            return None
        return None if isinstance(event, StoredPosition) else event

    @contextlib.contextmanager
    def open_audio(self, job: str) -> Iterator["FolderAudio"]:
        """Open the audio of a job that has some."""
        with self._translated():
            opened = (self.job_folder(job) / SAMPLES).open("rb")
        with opened as file:
            yield FolderAudio(file)

    def holds(self, job: str) -> bool:
        """Whether there is anything of a recording."""
        return self.job_folder(job).is_dir()

    def remove(self, job: str) -> bool:
        """Remove a recording and its side files; False if there is none. A current reader may lose the rest."""
        place = self.job_folder(job)
        grave = place.with_name(f"{GRAVE}{job}.{secrets.token_hex(4)}")
        try:
            place.rename(grave)  # atomic: no reader finds half a recording, and two removals do not collide
        except FileNotFoundError:
            return False
        shutil.rmtree(grave, ignore_errors=True)
        return True

    def find_file(self, job: str, name: str) -> Path | None:
        """A side file of a recording; None if there is none that this user may read."""
        path = self.job_folder(job) / name
        return path if os.access(path, os.R_OK) else None

    def read_file(self, job: str, name: str) -> bytes | None:
        """The content of a side file; None if it cannot be read."""
        try:
            return (self.job_folder(job) / name).read_bytes()
        except OSError:
            return None

    def write_file(self, job: str, name: str, content: bytes, *, only_new: bool) -> None:
        """Write a side file in one step; with `only_new` one that is there stays as it is.

        Raises:
            OSError: it cannot be written.
        """
        path = self.job_folder(job) / name
        if only_new and path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{name}.{secrets.token_hex(4)}")
        try:
            part.write_bytes(content)
            part.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise

    def remove_encoded(self, job: str) -> None:
        """Remove the audio in other formats, which has the old title; it is encoded again when it is requested."""
        for path in self.job_folder(job).glob("audio.*"):
            if path.name != SAMPLES:
                path.unlink(missing_ok=True)

    def recordings(self, shard: int) -> list[StoredRecording]:
        """The recordings of a shard; one that vanishes meanwhile, or is not begun, is left out.

        Raises:
            OSError: the folder cannot be read.
        """
        found = []
        for path in self._paths(shard):
            if JOB_ID.fullmatch(path.name):
                try:
                    n_bytes = sum(file.stat().st_size for file in path.iterdir())
                    written_s = (path / "events.jsonl").stat().st_mtime
                except (FileNotFoundError, NotADirectoryError):
                    continue
                found.append(StoredRecording(path.name, n_bytes, written_s))
        return found

    def old_jobs(self, shard: int, before_s: float) -> list[str]:
        """The jobs whose recordings were written last before a time; finishes removals that were interrupted.

        Raises:
            OSError: the folder cannot be read.
        """
        old = [path for path in self._paths(shard) if _written_s(path) < before_s]
        for path in old:
            if path.name.startswith(GRAVE):
                shutil.rmtree(path, ignore_errors=True)
        return [path.name for path in old if JOB_ID.fullmatch(path.name)]

    def _paths(self, shard: int) -> list[Path]:
        folder = self.folder / f"{shard:02d}"
        return list(folder.iterdir()) if folder.is_dir() else []

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """Translate permission errors into a message that names the store."""
        try:
            yield
        except PermissionError:
            why = "permission denied; run as another user, or set SERIATIM_STORE_DIR"
            raise Misconfigured(f"cannot read recordings in {self.folder}: {why}") from None


@dataclass(frozen=True, slots=True)
class FolderAudio:
    """The audio of a recording, open: it stays readable when the recording is removed."""

    file: BinaryIO

    def pieces(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes of the job from `start` up to `stop`, in pieces; fewer where no more are stored."""
        self.file.seek(start)
        while start < stop:
            pcm = self.file.read(min(PIECE_BYTES, stop - start))
            if not pcm:
                return
            start += len(pcm)
            yield pcm


class _OpenFile:
    """A file descriptor for writing at offsets; the file is created if it does not exist."""

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def __enter__(self) -> int:
        return self.fd

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)


def _write_at(fd: int, pcm: bytes, offset: int) -> None:
    view = memoryview(pcm)
    while view:
        written = os.pwrite(fd, view, offset)
        view, offset = view[written:], offset + written


def _append_lines(path: Path, lines: list[str]) -> None:
    with path.open("ab+") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1))
        is_torn = size > 0 and file.read(1) != b"\n"  # a crash cut the last line short: start a new line
        file.write(("\n" * is_torn + "".join(line + "\n" for line in lines)).encode())
        file.flush()
        os.fdatasync(file.fileno())


def _written_s(path: Path) -> float:
    """The time of the last write to a recording, in s since 1970; infinite if it vanishes meanwhile."""
    events = path / "events.jsonl"
    try:
        return (events if events.exists() else path).stat().st_mtime
    except FileNotFoundError:
        return float("inf")
