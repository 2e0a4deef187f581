"""Locked folders: each belongs to one process, and its lock shows whether that process still runs.

A private folder is made and locked in two steps. In between it looks as one that a killed process left behind, and
another process may remove it; so its maker checks, once it has the lock, that the folder is still there.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from seriatim.errors import Misconfigured

PREFIX = "seriatim-private-"
PRIVATE = ".private"  #: lock file of a folder that may be removed; a data folder never has it
LOCK = "lock"


@contextlib.contextmanager
def private_folder() -> Iterator[Path]:
    """Create a temporary folder for the duration of the context; remove those that killed processes left behind.

    Raises:
        Misconfigured: the folder cannot be written.
    """
    remove_abandoned_folders()
    while True:
        with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as name:
            fd = _lock_new_folder(Path(name))
            if fd is not None:
                try:
                    yield Path(name)
                finally:
                    os.close(fd)
                return


@contextlib.contextmanager
def lock_folder(folder: Path, name: str = LOCK) -> Iterator[None]:
    """Lock a folder for this process, and create it if it does not exist.

    Raises:
        Misconfigured: another process holds the lock, or the folder cannot be written.
    """
    with _translate_folder_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        fd = _open_lock(folder / name)
    try:
        if not try_lock(fd):
            raise Misconfigured(f"{folder} is in use by another seriatim; stop that one, or name another folder")
        yield
    finally:
        os.close(fd)


def remove_abandoned_folders() -> None:
    """Remove temporary folders that killed processes of this user left behind."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if folder.lstat().st_uid == os.getuid():
                _remove_if_abandoned(folder)


def _lock_new_folder(folder: Path) -> int | None:
    """Lock a private folder, whose lock lasts until the file that is returned is closed.

    None: another process has taken it for abandoned before it was locked.
    """
    path = folder / PRIVATE
    with _translate_folder_errors(folder):
        try:
            fd = _open_lock(path)
        except FileNotFoundError:
            return None
        if try_lock(fd) and path.exists():  # with the lock, so from here on it stays
            return fd
        os.close(fd)
        return None


def _remove_if_abandoned(folder: Path) -> None:
    try:
        fd = os.open(folder / PRIVATE, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        folder.rmdir()  # its maker was killed before it had a lock
        return
    try:
        if try_lock(fd):
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(fd)


@contextlib.contextmanager
def _translate_folder_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise Misconfigured(f"cannot write the folder {folder}: it is a file; name another folder") from None
    except OSError as error:
        raise Misconfigured(f"cannot write the folder {folder}: {(error.strerror or str(error)).lower()}") from None


def _open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def try_lock(fd: int) -> bool:
    """Lock an open file for this process alone; returns whether no other process holds it. It never waits."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
