"""The PCM spool of an unfinished output: its audio in order, from which the output can be encoded again.

An encoder cannot be resumed after a crash; samples can. So every chunk is written to the spool first, and the encoder
reads it from there.
"""

import os
import zlib
from pathlib import Path

from seriatim.audio.output_file import write_all

_READ_BYTES = 1 << 20  #: block size of a check, so that a long sentence needs little memory


class PcmSpool:
    """An open file of s16le mono samples."""

    def __init__(self, path: Path, *, fresh: bool) -> None:
        """Open the spool, empty if `fresh`.

        Raises:
            OSError: it cannot be opened.
        """
        self._path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | (os.O_TRUNC if fresh else 0), 0o666)
        self.end = os.lseek(self._fd, 0, os.SEEK_END)  #: its size in bytes

    def append(self, pcm: bytes) -> None:
        """Append audio.

        Raises:
            OSError: the disk is full, for instance; a part may have been written.
        """
        write_all(self._fd, pcm)
        self.end += len(pcm)

    def read(self, start: int, n_bytes: int) -> bytes:
        """Read up to `n_bytes` from offset `start`; fewer only at the end."""
        return os.pread(self._fd, n_bytes, start)

    def crc32(self, start: int, end: int) -> int | None:
        """Compute the checksum of the bytes from `start` up to `end`; None if the spool is shorter."""
        if end > self.end:
            return None
        crc = 0
        for offset in range(start, end, _READ_BYTES):
            crc = zlib.crc32(self.read(offset, min(_READ_BYTES, end - offset)), crc)
        return crc

    def cut(self, end: int) -> None:
        """Drop everything after the first `end` bytes.

        Raises:
            OSError: as the operating system says.
        """
        os.ftruncate(self._fd, end)
        self.end = os.lseek(self._fd, end, os.SEEK_SET)

    def close(self) -> None:
        os.close(self._fd)

    def remove(self) -> None:
        self.close()
        self._path.unlink(missing_ok=True)
