"""The sentence cache: the sound of sentences in files of one folder, which any number of processes share.

A file is named by a digest of all that the sound depends on, and has no text in it. It is written beside its name and
renamed, so that a reader finds all of it or nothing; a checksum finds what a crash of the machine left. What was not
spoken for longest is removed first.
"""

import logging
import os
import secrets
import struct
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)

HEADER = struct.Struct("<4sI")  #: the version of the format, and the CRC-32 of what follows
VERSION = b"SC02"
SWEEP_SHARE = 20  #: 1/SWEEP_SHARE of the size is written between two looks at the folder
KEPT_SHARE = 0.9  #: of the size, where more had come
DAY_S = 86_400


@dataclass(slots=True)
class SentenceCache:
    """A folder of sounds. Thread-safe: each step is one of the file system."""

    folder: Path
    max_bytes: int
    max_age_s: float  #: since a sentence was spoken last
    _written: int = 0  #: bytes since the folder was looked at

    def find(self, key: str) -> bytes | None:
        """The sound of a sentence, or None; one that is found counts as spoken now."""
        path = self._path(key)
        try:
            content = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        version, checksum = HEADER.unpack_from(content.ljust(HEADER.size, b"\0"))
        pcm = content[HEADER.size :]
        if version == VERSION and zlib.crc32(pcm) == checksum:
            return pcm
        path.unlink(missing_ok=True)
        return None

    def add(self, key: str, pcm: bytes) -> bool:
        """Keep a sound; returns whether it is kept. A folder that cannot be written costs nothing but the cache."""
        path = self._path(key)
        part = path.with_name(f".{secrets.token_hex(8)}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(HEADER.pack(VERSION, zlib.crc32(pcm)) + pcm)
            part.replace(path)
        except OSError as error:
            with suppress(OSError):
                part.unlink()
            log.warning("sentence not cached", extra={"error": str(error)})
            return False
        self._written += len(pcm)
        if self._written * SWEEP_SHARE > self.max_bytes:
            self.sweep()
        return True

    def sweep(self) -> int:
        """Remove what is too old, and the oldest of what is too much; returns the bytes that are left."""
        self._written, oldest_s = 0, time.time() - self.max_age_s
        found = []
        for path in self.folder.glob("??/*"):
            with suppress(OSError):  # another process removed it
                found.append((path.stat().st_mtime, path.stat().st_size, path))
        found.sort(key=lambda entry: entry[0])
        size, least = sum(entry[1] for entry in found), self.max_bytes * KEPT_SHARE
        too_much = size > self.max_bytes
        for spoken_s, n_bytes, path in found:
            if spoken_s < oldest_s or (too_much and size > least):
                with suppress(OSError):
                    path.unlink(missing_ok=True)
                size -= n_bytes
        return size

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key
