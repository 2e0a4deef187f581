"""The manifest of a batch: a line of JSON for each file that was spoken or failed, in the output folder.

Lines are appended, each once its output has its name; the last line of a file counts. A line that a killed command has
left half written is cut off. A key stands for the content of a file and the options with which it is spoken.
"""

import json
import os
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from seriatim.audio.output_file import translate_write_errors

MANIFEST = "manifest.jsonl"


@dataclass(frozen=True, slots=True)
class BatchEntry:
    """What became of one file."""

    file: str
    output: str  #: from the output folder
    key: str
    state: str  #: done or failed
    audio_s: float = 0.0
    sentences: int = 0
    tries: int = 1
    gaps: tuple[str, ...] = ()
    error: str = ""

    @property
    def done(self) -> bool:
        return self.state == "done"

    def to_json(self) -> str:
        """The entry as a line of the manifest, in ASCII: the name of a file need not be UTF-8."""
        return json.dumps(asdict(self))


@dataclass(slots=True)
class BatchManifest:
    """The entries so far; thread-safe."""

    folder: Path
    entries: dict[str, BatchEntry] = field(default_factory=dict)  #: by file
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the manifest of an output folder, and cut off what is no whole line of it.

        Raises:
            Unwritable: it cannot be read or written.
        """
        manifest = cls(folder)
        with translate_write_errors(str(manifest.path)):
            raw = manifest.path.read_bytes() if manifest.path.exists() else b""
            whole = raw[: raw.rfind(b"\n") + 1]
            if whole != raw:
                os.truncate(manifest.path, len(whole))
        manifest.entries.update(read_entries(whole))
        return manifest

    @property
    def path(self) -> Path:
        """The manifest itself."""
        return self.folder / MANIFEST

    def is_done(self, file: str, key: str) -> bool:
        """Is a file spoken as it is now, and its output still there?"""
        entry = self.entries.get(file)
        return entry is not None and entry.done and entry.key == key and (self.folder / entry.output).is_file()

    def add(self, entry: BatchEntry) -> None:
        """Append an entry, which is on the disk when this returns.

        Raises:
            Unwritable: it cannot be written.
        """
        with self._lock, translate_write_errors(str(self.path)), self.path.open("ab") as file:
            file.write(entry.to_json().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
            self.entries[entry.file] = entry


def read_entries(raw: bytes) -> dict[str, BatchEntry]:
    """The last entry of each file in the lines of a manifest; what is no entry is left out."""
    return {entry.file: entry for entry in map(_entry, raw.splitlines()) if entry}


def is_output_folder(folder: Path) -> bool:
    """Is it the output folder of a batch? Its manifest begins with an entry."""
    try:
        with (folder / MANIFEST).open("rb") as file:
            return _entry(file.readline()) is not None
    except OSError:
        return False


def _entry(line: bytes) -> BatchEntry | None:
    """The entry of a line; None if it is none of ours."""
    try:
        values: dict[str, Any] = json.loads(line)
        return BatchEntry(**values | {"gaps": tuple(values["gaps"])})
    except (ValueError, TypeError, KeyError):
        return None
