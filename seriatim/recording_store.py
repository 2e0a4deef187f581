"""The recording store: files of jobs that drain to it, for late readers, second readers, ranges and captions.

    <store>/<shard>/<job>/audio.s16      the job's audio, s16le mono, from byte 0
    <store>/<shard>/<job>/events.jsonl   markers of the ordered stream, one JSON object a line, in order
    <store>/<shard>/<job>/owner          its user, written by a gateway, as are
    <store>/<shard>/<job>/title, text    its source text (gateway/http/recordings/sidecar_files.py), and
    <store>/<shard>/<job>/audio.<format> the same audio in other formats (gateway/http/recordings/encoded_files.py)
    <store>/<shard>/<job>/silence.<rate>.s16, of a text without speech (gateway/http/recordings/recording.py)
    <store>/<shard>/.<job>.<random>      a recording that is being removed

Audio and markers are written by recorders (reassembler/recorder.py) only. Several may write one job at once: audio goes
to its absolute offset, so the same bytes go to the same place; a marker that is there twice is read once, because ids
only rise; a line that a crash cut short is not JSON and is ignored. A job is complete when its events end with `end`.

A reader may read while a recorder writes. Only what a `stored` line covers counts as stored: it is written last, when
the audio and the markers before it are on the disk. Without it, audio after the last marker could be taken for that
marker's sentence when it belongs to the next one, whose marker is just being written.
"""

import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seriatim.errors import Misconfigured
from seriatim.keys import StreamPosition, shard_of
from seriatim.stream_entries import Audio, Discontinuity, End, Entry, Gap, ReaderCursor, SentenceStart

PIECE_BYTES = 64 * 1024  #: size of the pieces in which audio is read back: a second or two
GRAVE = "."  #: prefix of the name of a recording that is being removed
Marker = SentenceStart | Discontinuity | Gap | End


@dataclass(frozen=True, slots=True)
class StoredPosition:
    """Everything up to an entry is on the disk."""

    position: StreamPosition
    n_bytes: int  #: of audio


EVENTS = {"sentence": SentenceStart, "discontinuity": Discontinuity, "gap": Gap, "end": End, "stored": StoredPosition}
NAMES = {cls: name for name, cls in EVENTS.items()}


def folder(store: Path, job: str) -> Path:
    """The folder of a job's recording."""
    return store / f"{shard_of(job):02d}" / job


def write(store: Path, job: str, cursor: ReaderCursor, entries: Iterable[Entry]) -> bool:
    """Store entries that follow `cursor`, advance the cursor, and sync them to disk.

    Returns True if the job's end was among them.

    Raises:
        PositionLost: bytes before the first entry are missing.
        OSError: the disk is full, or not writable.
    """
    place = folder(store, job)
    place.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    ended = False
    with _OpenFile(place / "audio.s16") as audio:
        for entry in entries:
            at = cursor.n_bytes
            fresh = cursor.feed(entry)
            if isinstance(fresh, Audio):
                _write_at(audio, fresh.pcm, at)
            elif fresh is not None:
                lines.append(_event_line(fresh))
                ended = ended or isinstance(fresh, End)
        os.fdatasync(audio)
    _append_lines(place / "events.jsonl", [*lines, _event_line(StoredPosition(cursor.position, cursor.n_bytes))])
    return ended


def read(store: Path, job: str, cursor: ReaderCursor) -> Iterator[Entry]:
    """The stored entries after `cursor`, in order: markers, and audio in pieces. Ends at the end stored so far."""
    place = folder(store, job)
    found, stored = _read_events(store, job)
    if stored.position == StreamPosition():
        return
    markers, n_bytes = [m for m in found if m.position > cursor.position], stored.n_bytes
    with _translate_permission_errors(store):
        opened = (place / "audio.s16").open("rb")
    with opened as audio:
        sentence, at, have = cursor.position.sentence, cursor.at, cursor.have
        for marker in [*markers, None]:
            stop = n_bytes if marker is None else min(n_bytes, _marker_offset(marker, at))
            for pcm in _read_pieces(audio, at + have, stop):
                have += len(pcm)
                yield Audio(StreamPosition(sentence, have), pcm)
            if marker is None:
                return
            if isinstance(marker, SentenceStart):
                sentence, at, have = marker.seq + 1, marker.at, 0
            yield marker


def events(store: Path, job: str) -> list[Marker]:
    """The markers of a recording, in order, each once."""
    return _read_events(store, job)[0]


def first(store: Path, job: str) -> Marker | None:
    """The first marker of a recording, without reading the others; None while there is none."""
    try:
        with (
            _translate_permission_errors(store),
            (folder(store, job) / "events.jsonl").open(encoding="utf-8", errors="replace") as lines,
        ):
            event = _parse_event(lines.readline())
    except FileNotFoundError:
        return None
    return None if isinstance(event, StoredPosition) else event


def remove(store: Path, job: str) -> bool:
    """Remove a recording and its side files; False if there is none. A current reader may lose the rest."""
    place = folder(store, job)
    grave = place.with_name(f"{GRAVE}{job}.{secrets.token_hex(4)}")
    try:
        place.rename(grave)  # atomic: no reader finds half a recording, and two removals do not collide
    except FileNotFoundError:
        return False
    shutil.rmtree(grave, ignore_errors=True)
    return True


def _read_events(store: Path, job: str) -> tuple[list[Marker], StoredPosition]:
    """The stored markers, and the position up to which everything is stored."""
    try:
        with _translate_permission_errors(store):
            lines = (folder(store, job) / "events.jsonl").read_text("utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return [], StoredPosition(StreamPosition(), 0)
    found: list[Marker] = []
    stored = StoredPosition(StreamPosition(), 0)
    for event in map(_parse_event, lines):
        if isinstance(event, StoredPosition):
            stored = max(stored, event, key=lambda s: s.position)
        elif event and (not found or event.position > found[-1].position):
            found.append(event)
    return [marker for marker in found if marker.position <= stored.position], stored


@contextlib.contextmanager
def _translate_permission_errors(store: Path) -> Iterator[None]:
    """Translate permission errors into a message that names the store."""
    try:
        yield
    except PermissionError:
        why = "permission denied; run as another user, or set SERIATIM_STORE_DIR"
        raise Misconfigured(f"cannot read recordings in {store}: {why}") from None


def _marker_offset(marker: Marker, at: int) -> int:
    """The byte of the job at a marker; `at` is the start of its sentence."""
    if isinstance(marker, SentenceStart):
        return marker.at
    if isinstance(marker, End):
        return marker.n_bytes
    return at + marker.offset


def _read_pieces(audio: Any, start: int, stop: int) -> Iterator[bytes]:
    audio.seek(start)
    while start < stop:
        pcm = audio.read(min(PIECE_BYTES, stop - start))
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
    if not lines:
        return
    with path.open("ab+") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1))
        is_torn = size > 0 and file.read(1) != b"\n"  # a crash cut the last line short: start a new line
        file.write(("\n" * is_torn + "".join(line + "\n" for line in lines)).encode())
        file.flush()
        os.fdatasync(file.fileno())


def _event_line(event: Entry | StoredPosition) -> str:
    values = asdict(event)
    values["position"] = str(event.position)
    return json.dumps({"t": NAMES[type(event)], **values}, ensure_ascii=False, separators=(",", ":"))


def _parse_event(line: str) -> Marker | StoredPosition | None:
    try:
        values = json.loads(line)
        values["position"] = StreamPosition.parse(values["position"])
        return EVENTS[values.pop("t")](**values)  # type: ignore[no-any-return]  # one of the five
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
