"""Locked folders: each belongs to one process, and its lock shows whether that process still runs."""

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
PRIVATE = ".private"  #: lock file of a folder that may be removed; a data folder never has it
LOCK = "lock"
MIN_AGE_S = 10.0  #: the owner of a younger folder may not have locked it yet


@contextlib.contextmanager
def private_folder() -> Iterator[Path]:
    """Create a temporary folder for the duration of the context; remove those that killed processes left behind."""
    remove_abandoned_folders()
    with (
        tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as name,
        lock_folder(Path(name), PRIVATE),
    ):
        yield Path(name)


@contextlib.contextmanager
def lock_folder(folder: Path, name: str = LOCK) -> Iterator[None]:
    """Lock a folder for this process, and create it if it does not exist.

    Raises:
        Misconfigured: another process holds the lock, or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fd = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Misconfigured(f"cannot write the folder {folder}: {(error.strerror or str(error)).lower()}") from None
    try:
        if not _try_lock(fd):
            raise Misconfigured(f"{folder} is in use by another seriatim; stop that one, or name another folder")
        yield
    finally:
        os.close(fd)


def remove_abandoned_folders() -> None:
    """Remove temporary folders that killed processes of this user left behind."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            stat = folder.stat()
            if stat.st_uid == os.getuid() and time.time() - stat.st_mtime > MIN_AGE_S:
                _remove_if_abandoned(folder)


def _remove_if_abandoned(folder: Path) -> None:
    fd = os.open(folder / PRIVATE, os.O_RDWR | os.O_CLOEXEC)
    try:
        if _try_lock(fd):
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(fd)


def _try_lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
