"""Locked folders: a private folder belongs to the process that made it, however long that was suspended meanwhile."""

import fcntl
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from gateway.local.locked_folder import PREFIX, PRIVATE, lock_folder, private_folder, remove_abandoned_folders
from seriatim.errors import Misconfigured


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("module", "function"), [(os, "open"), (fcntl, "flock")], ids=["before its lock file", "before its lock"]
)
def test_a_folder_that_another_process_removes_before_it_is_locked_is_made_again(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, module: ModuleType, function: str
) -> None:
    call: Callable[..., Any] = getattr(module, function)

    def suspended(*arguments: Any) -> Any:
        """The call of a process that another one overtakes, once."""
        monkeypatch.setattr(module, function, call)
        (folder,) = temporary.iterdir()
        os.utime(folder, (0, 0))
        remove_abandoned_folders()
        return call(*arguments)

    monkeypatch.setattr(module, function, suspended)
    with private_folder() as folder:
        (folder / "redis.sock").touch()
        remove_abandoned_folders()
        assert sorted(path.name for path in folder.iterdir()) == [PRIVATE, "redis.sock"]
        assert list(temporary.iterdir()) == [folder]
    assert not list(temporary.iterdir())


def test_a_folder_whose_remover_still_holds_the_lock_is_left_to_it(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock, removers = fcntl.flock, list[int]()

    def suspended(fd: int, operation: int) -> None:
        """The call of a process that another one overtakes, which has not removed the folder yet."""
        monkeypatch.setattr(fcntl, "flock", flock)
        (folder,) = temporary.iterdir()
        removers.append(os.open(folder / PRIVATE, os.O_RDWR))
        flock(removers[0], operation)
        flock(fd, operation)

    monkeypatch.setattr(fcntl, "flock", suspended)
    with private_folder() as folder:
        assert (folder / PRIVATE).stat().st_ino != os.fstat(removers[0]).st_ino
    os.close(removers[0])


def test_folders_of_killed_processes_are_removed_and_other_ones_stay(temporary: Path) -> None:
    killed, early = temporary / f"{PREFIX}killed", temporary / f"{PREFIX}early"
    other, link = temporary / f"{PREFIX}other", temporary / f"{PREFIX}link"
    for folder in (killed, early, other):
        folder.mkdir()
    (killed / PRIVATE).touch()
    (killed / "redis.log").touch()
    (other / "document.txt").touch()
    link.symlink_to(killed)
    with private_folder():
        assert {other, link} <= set(temporary.iterdir())
        assert not killed.exists()
        assert not early.exists()


def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(Misconfigured, match=r"out: it is a file; name another folder$"), lock_folder(tmp_path / "out"):
        pass
