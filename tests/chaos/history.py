"""The history: one JSON line per event, synced before the writer goes on.

Every process of a run appends to one file: a line is one write, which the kernel does not tear between appenders. Times
are seconds of the machine's monotonic clock, which all its processes share.
"""

import hashlib
import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Event = dict[str, Any]


@dataclass(slots=True)
class History:
    """An open history. Thread-safe: each event is one write."""

    path: Path
    _file: int = field(init=False)

    def __post_init__(self) -> None:
        self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def note(self, event: str, **facts: object) -> None:
        """Write one event down; returns when it is on the disk."""
        line = json.dumps({"e": event, "t": now_s(), **facts}, ensure_ascii=False, separators=(",", ":"))
        os.write(self._file, line.encode() + b"\n")
        os.fsync(self._file)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def now_s() -> float:
    """The time of an event, in seconds."""
    return round(time.monotonic(), 4)


def read(path: Path) -> list[Event]:
    """All events, in the order in which they were written.

    Raises:
        ValueError: a line in the middle is none; the last one may be cut short.
    """
    lines = path.read_bytes().split(b"\n")
    events: list[Event] = []
    for number, line in enumerate(lines, 1):
        try:
            events += [json.loads(line)] if line else []
        except ValueError:
            if number != len(lines):
                raise ValueError(f"{path}:{number} is no event: {line[:80]!r}") from None
    return events


def fingerprint(pcm: bytes) -> str:
    """What stands in a history for sound."""
    return hashlib.blake2s(pcm, digest_size=12).hexdigest()
