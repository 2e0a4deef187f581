"""Folders that belong to one process: a lock says so, and says later that it is gone."""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from seriatim.errors import Misconfigured

PREFIX = "seriatim-private-"
PRIVATE = ".private"  #: the lock of a folder that may be swept away; a data folder never has it
LOCK = "lock"
SETTLED_S = 10.0  #: a folder younger than this may be about to be locked


@contextlib.contextmanager
def private_folder() -> Iterator[Path]:
    """A temporary folder for as long as the context lasts; those of processes that were killed are swept away."""
    remove_abandoned_folders()
    with (
        tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as name,
        lock_folder(Path(name), PRIVATE),
    ):
        yield Path(name)


@contextlib.contextmanager
def lock_folder(folder: Path, name: str = LOCK) -> Iterator[None]:
    """Own a folder, which is made if it is not there.

    Raises:
        Misconfigured: another process owns it, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fd = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Misconfigured(f"cannot write the folder {folder}: {(error.strerror or str(error)).lower()}") from None
    try:
        if not _lock(fd):
            raise Misconfigured(f"{folder} is in use by another seriatim; stop that one, or name another folder")
        yield
    finally:
        os.close(fd)


def remove_abandoned_folders() -> None:
    """Remove the temporary folders of this user's processes that were killed before they could."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            stat = folder.stat()
            if stat.st_uid == os.getuid() and time.time() - stat.st_mtime > SETTLED_S:
                _remove_if_abandoned(folder)


def _remove_if_abandoned(folder: Path) -> None:
    fd = os.open(folder / PRIVATE, os.O_RDWR | os.O_CLOEXEC)
    try:
        if _lock(fd):
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(fd)


def _lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
