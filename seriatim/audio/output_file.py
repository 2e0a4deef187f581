"""Output files of encoders: file descriptors that are appended to, and patched where that is possible.

Encoders append, and at the end correct the header that they wrote first. A regular file supports both; for a pipe the
corrections are dropped (players of streams do without them). Writes go straight to the operating system, so that an
error is raised by the write that caused it and close cannot fail.
"""

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from seriatim.errors import Unwritable

_REASONS = {
    errno.EACCES: "no permission",
    errno.EDQUOT: "your disk quota is used up",
    errno.EFBIG: "it would be larger than the file system or `ulimit -f` allows",
    errno.EISDIR: "it is a directory",
    errno.ENOENT: "there is no such directory",
    errno.ENOSPC: "the disk is full",
    errno.ENOTDIR: "a part of its path is not a directory",
    errno.EPIPE: "its reader has gone",
    errno.EROFS: "the file system is read-only",
}


@contextmanager
def translate_write_errors(name: str) -> Iterator[None]:
    """Translate errors of the operating system in the block into one clear line about the output `name`.

    Raises:
        Unwritable: with the reason; its `__cause__` is the OSError.
    """
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0) or (error.strerror or str(error)).lower()
        raise Unwritable(f"cannot write {name}: {reason}") from error


def is_disk_full(error: BaseException) -> bool:
    """Whether nothing more can be written, whatever its name."""
    cause = error.__cause__
    return isinstance(error, Unwritable) and isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT)


def replace_text(path: Path, text: str) -> None:
    """Write a file in one step: a reader, and a restart after a crash, find the old text or all of the new one.

    Raises:
        Unwritable: the disk is full, for instance.
    """
    new = path.with_name(path.name + ".new")
    with translate_write_errors(str(path)):
        with new.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)


def write_all(fd: int, data: bytes) -> None:
    """Write all of `data`; one write(2) may take less.

    Raises:
        OSError: of the operating system; an unknown part of `data` may have been written.
    """
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


class EncoderOutput(Protocol):
    """The output that encoders write to."""

    n_bytes: int  #: appended so far
    scratch: str | None  #: folder for an encoder's temporary files; None: the system's

    @property
    def patchable(self) -> bool:
        """True if bytes can be corrected after they were appended."""
        ...

    def append(self, data: bytes) -> None:
        """Append bytes.

        Raises:
            Unwritable: they cannot be written.
        """
        ...

    def patch(self, offset: int, data: bytes) -> None:
        """Correct bytes that were appended, from `offset` (0-based); does nothing where that is impossible."""
        ...


class FileDescriptorOutput:
    """An open file descriptor, which its owner closes; bytes are counted from its current position."""

    def __init__(self, fd: int, name: str, scratch: str | None = None) -> None:
        self._fd = fd
        self.scratch = scratch
        self._name = name  #: its name in messages
        self._start = _start_of(fd)
        self.n_bytes = 0  #: appended so far

    @property
    def patchable(self) -> bool:
        """True if bytes can be corrected after they were appended."""
        return self._start is not None

    def append(self, data: bytes) -> None:
        """Append bytes.

        Raises:
            Unwritable: the disk is full, the reader of the pipe has gone, and the like.
        """
        with translate_write_errors(self._name):
            write_all(self._fd, data)
        self.n_bytes += len(data)

    def patch(self, offset: int, data: bytes) -> None:
        """Correct bytes that were appended, from `offset` (0-based); does nothing where that is impossible.

        Raises:
            Unwritable: as for `append`.
        """
        if self._start is None:
            return
        with translate_write_errors(self._name):
            os.pwrite(self._fd, data, self._start + offset)


def _start_of(fd: int) -> int | None:
    """The offset of the first byte in the file, or None if bytes cannot be patched.

    In append mode pwrite appends too (pwrite(2), "BUGS"), so `>> speech.wav` counts as a pipe.
    """
    appends = fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_APPEND
    if appends or not stat.S_ISREG(os.fstat(fd).st_mode):
        return None
    return os.lseek(fd, 0, os.SEEK_CUR)
