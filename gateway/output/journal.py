"""The journal of an unfinished output: its text and options, and the sentences whose audio is complete.

One JSON object per line. The first names the text and the options. Each further one is a `stored` line, as recordings
have it (seriatim/recordings/recording_events.py), and stands for a complete sentence: its position, the end of its
audio in the spool, the rate, and the checksum of its own audio. So a journal and its spool are a recording of one
writer. Markers are left out: a resumed run cuts the same text again.

The process that writes the output holds a lock on the journal, so that two processes never write the same output.

A line is written after the audio that it describes, by one write(2), so the journal is correct however the process
ends. There is no fsync until the output is complete: after a power cut the file system may have kept less of the spool
than of the journal. The checksums show how much, so that only the last seconds are spoken again.
"""

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from seriatim.audio.output_file import translate_write_errors, write_all
from seriatim.errors import Unwritable
from seriatim.keys import StreamPosition
from seriatim.recordings.recording_events import StoredPosition, event_line, parse_event

VERSION = 2  #: of the line format
READABLE = (1, 2)  #: a journal of another version cannot be resumed; 1 had lines of its own
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP}  #: a network file system without locks: proceed without one

Option = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class TextFingerprint:
    """The text and options of a run, which a resumed run must share."""

    text_sha256: str
    options: Mapping[str, Option]  #: by their names on the command line, such as "voice"

    @classmethod
    def of(cls, text: str, options: Mapping[str, Option]) -> Self:
        """The fingerprint of a text and of the options it is spoken with."""
        return cls(hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest(), dict(options))

    def changes(self, now: Self) -> list[str]:
        """The differences of `now` as messages; empty if there are none."""
        changed = [] if self.text_sha256 == now.text_sha256 else ["the text has changed"]
        for name in sorted(self.options.keys() | now.options.keys()):
            before, after = self.options.get(name), now.options.get(name)
            if before != after:
                changed.append(f"{name} was {before!r} and is now {after!r}")
        return changed


@dataclass(frozen=True, slots=True)
class JournalMark:
    """One complete sentence."""

    sentences: int  #: complete with this one: its 0-based sequence number plus 1
    end: int  #: bytes of sound up to its end
    crc32: int  #: of its own bytes
    rate_hz: int | None  #: None as long as no sentence had any sound


class OutputJournal:
    """An open journal, locked until `close` or `remove`."""

    def __init__(self, fd: int, path: Path) -> None:
        self._fd = fd
        self._path = path
        self._end = 0  #: bytes of audio up to the end of the last sentence that was written here

    @classmethod
    def open(cls, path: Path, output: str, *, create: bool) -> Self:
        """Open and lock the journal of `output`, empty if it is new.

        Raises:
            Unwritable: it cannot be opened, or another process is writing the same output.
        """
        with translate_write_errors(output):
            fd = os.open(path, os.O_RDWR | (os.O_CREAT if create else 0), 0o666)
        try:
            _lock_file(fd, output)
        except BaseException:
            os.close(fd)
            raise
        return cls(fd, path)

    def begin(self, fingerprint: TextFingerprint) -> None:
        """Truncate the journal and write the first line.

        Raises:
            OSError: the disk is full, for instance.
        """
        self.cut(0)
        self._append(json.dumps({"seriatim": VERSION, **asdict(fingerprint)}, separators=(",", ":")))

    def complete(self, mark: JournalMark) -> None:
        """Record one more sentence, whose audio has been written.

        Raises:
            OSError: the disk is full, for instance.
        """
        position = StreamPosition(mark.sentences, mark.end - self._end)
        self._append(event_line(StoredPosition(position, mark.end, mark.crc32, mark.rate_hz)))
        self._end = mark.end

    def read(self) -> tuple[TextFingerprint, Iterator[tuple[int, JournalMark]]] | None:
        """Read the fingerprint, and each complete sentence with the offset in the journal at which its line ends.

        A mark of 0 sentences comes first. Reading stops before the first line that is incomplete or does not follow
        the one before; None if that is the very first line.
        """
        lines = self._complete_lines()
        offset, line = next(lines, (0, b""))
        fingerprint = _fingerprint_of(line)
        return None if fingerprint is None else (fingerprint, _valid_marks(offset, lines))

    def cut(self, size: int, end: int = 0) -> None:
        """Drop everything after the first `size` bytes; the sentences in them have `end` bytes of audio.

        Raises:
            OSError: as the operating system says.
        """
        os.ftruncate(self._fd, size)
        os.lseek(self._fd, size, os.SEEK_SET)
        self._end = end

    def close(self) -> None:
        """Release the lock and leave the journal for a later run."""
        os.close(self._fd)

    def remove(self) -> None:
        """Delete the journal, then release the lock: a process that waits for it finds a file without a name."""
        self._path.unlink(missing_ok=True)
        self.close()

    def _append(self, line: str) -> None:
        write_all(self._fd, line.encode() + b"\n")

    def _complete_lines(self) -> Iterator[tuple[int, bytes]]:
        """Each complete line with the offset at which it ends."""
        end = 0
        with open(self._fd, "rb", closefd=False) as file:
            file.seek(0)
            for line in file:
                end += len(line)
                if line.endswith(b"\n"):
                    yield end, line


def is_journal(path: Path) -> bool:
    """Is a file the journal of an unfinished output? Its first line says so."""
    try:
        with path.open("rb") as file:
            return _fingerprint_of(file.readline()) is not None
    except OSError:
        return False


def _lock_file(fd: int, output: str) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Unwritable(
            f"cannot write {output}: another process is writing it; wait for it, or name another"
        ) from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    if os.fstat(fd).st_nlink == 0:  # opened before its owner removed it, locked after
        raise Unwritable(f"cannot write {output}: another process has just written it; try again")


def _parse_line(line: bytes) -> dict[str, object]:
    """Parse the object in a line; {} if there is none."""
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _fingerprint_of(line: bytes) -> TextFingerprint | None:
    match _parse_line(line):
        case {"seriatim": version, "text_sha256": str(text_sha256), "options": dict(options)} if version in READABLE:
            return TextFingerprint(text_sha256, options)
    return None


def _valid_marks(offset: int, lines: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, JournalMark]]:
    before = JournalMark(0, 0, 0, None)
    yield offset, before
    for offset, line in lines:
        mark = _mark_of(line)
        if mark is None or not _follows(before, mark):
            return
        yield offset, mark
        before = mark


def _mark_of(line: bytes) -> JournalMark | None:
    match parse_event(line.decode("utf-8", "replace")):
        case StoredPosition(StreamPosition(sentences), int(end), int(crc32), int() | None as rate_hz):
            return JournalMark(sentences, end, crc32, rate_hz)
    match _parse_line(line):  # of version 1
        case {"sentences": int(sentences), "end": int(end), "crc32": int(crc32), "rate_hz": int() | None as rate_hz}:
            return JournalMark(sentences, end, crc32, rate_hz)
    return None


def _follows(before: JournalMark, mark: JournalMark) -> bool:
    return mark.sentences == before.sentences + 1 and mark.end >= before.end and before.rate_hz in (None, mark.rate_hz)
