"""Events of a recording: its markers, and how far it is stored, as lines of JSON. No I/O.

Folders and buckets have the same lines. A marker that is there twice is read once, because ids only rise; a line that a
crash cut short is not JSON and is ignored. Only what a `stored` line covers counts as stored: it is written last, when
the audio and the markers before it are safe. Without it, audio after the last marker could be taken for that marker's
sentence when it belongs to the next one, whose marker is just being written.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from seriatim.keys import StreamPosition
from seriatim.stream_entries import Audio, Discontinuity, End, Entry, Gap, ReaderCursor, SentenceStart

Marker = SentenceStart | Discontinuity | Gap | End


@dataclass(frozen=True, slots=True)
class StoredPosition:
    """Everything up to an entry is stored."""

    position: StreamPosition
    n_bytes: int  #: of audio
    crc32: int | None = None  #: of the audio since the line before; None where the store itself keeps it safe
    rate_hz: int | None = None  #: None: not known, or the markers have it


@dataclass(frozen=True, slots=True)
class RecordedEntries:
    """What one write adds to a recording."""

    lines: list[str]  #: its markers, and the position up to which it is stored
    audio: list[tuple[int, bytes]]  #: each piece with its byte of the job, in order
    ended: bool  #: the job's end is among the markers


EVENTS = {"sentence": SentenceStart, "discontinuity": Discontinuity, "gap": Gap, "end": End, "stored": StoredPosition}
NAMES = {cls: name for name, cls in EVENTS.items()}


def feed_entries(cursor: ReaderCursor, entries: Iterable[Entry]) -> RecordedEntries:
    """Advance the cursor by the entries that follow it; returns what is new in them.

    Raises:
        PositionLost: bytes before the first entry are missing.
    """
    lines: list[str] = []
    audio: list[tuple[int, bytes]] = []
    ended = False
    for entry in entries:
        at = cursor.n_bytes
        fresh = cursor.feed(entry)
        if isinstance(fresh, Audio):
            audio.append((at, fresh.pcm))
        elif fresh is not None:
            lines.append(event_line(fresh))
            ended = ended or isinstance(fresh, End)
    return RecordedEntries([*lines, event_line(StoredPosition(cursor.position, cursor.n_bytes))], audio, ended)


def merge_events(lines: Iterable[str]) -> tuple[list[Marker], StoredPosition]:
    """The stored markers of all lines in order, each once, and the position up to which everything is stored."""
    found: list[Marker] = []
    stored = StoredPosition(StreamPosition(), 0)
    for event in map(parse_event, lines):
        if isinstance(event, StoredPosition):
            stored = max(stored, event, key=lambda s: s.position)
        elif event and (not found or event.position > found[-1].position):
            found.append(event)
    return [marker for marker in found if marker.position <= stored.position], stored


def marker_offset(marker: Marker, at: int) -> int:
    """The byte of the job at a marker; `at` is the start of its sentence."""
    if isinstance(marker, SentenceStart):
        return marker.at
    if isinstance(marker, End):
        return marker.n_bytes
    return at + marker.offset


def event_line(event: Entry | StoredPosition) -> str:
    """The line of an event, without its end."""
    values = {name: value for name, value in asdict(event).items() if value is not None}
    values["position"] = str(event.position)
    return json.dumps({"t": NAMES[type(event)], **values}, ensure_ascii=False, separators=(",", ":"))


def parse_event(line: str) -> Marker | StoredPosition | None:
    """The event of a line; None if it is not one, as where a crash cut it short."""
    try:
        values = json.loads(line)
        values["position"] = StreamPosition.parse(values["position"])
        return EVENTS[values.pop("t")](**values)  # type: ignore[no-any-return]  # one of the five
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
