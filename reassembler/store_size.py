"""Store size: how much the recordings of a store take, and which go so that it stays within its limit."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from seriatim.keys import JOB_ID


@dataclass(frozen=True, slots=True)
class StoredRecording:
    """A recording, with its side files."""

    job: str
    n_bytes: int
    written_s: float  #: of its last write, in s since 1970


def read_recordings(folder: Path) -> list[StoredRecording]:
    """The recordings in a shard's folder; one that vanishes meanwhile, or is not begun, is left out.

    Raises:
        OSError: the folder cannot be read.
    """
    if not folder.is_dir():
        return []
    found = []
    for path in folder.iterdir():
        if JOB_ID.fullmatch(path.name):
            try:
                n_bytes = sum(file.stat().st_size for file in path.iterdir())
                written_s = (path / "events.jsonl").stat().st_mtime
            except (FileNotFoundError, NotADirectoryError):
                continue
            found.append(StoredRecording(path.name, n_bytes, written_s))
    return found


def surplus(recordings: Iterable[StoredRecording], kept: Iterable[str], limit_bytes: int) -> list[str]:
    """The jobs whose recordings go, the oldest first, so that the rest takes `limit_bytes` at most; none of `kept`."""
    oldest_first, needed = sorted(recordings, key=lambda one: one.written_s), set(kept)
    excess = sum(one.n_bytes for one in oldest_first) - limit_bytes
    jobs = []
    for one in oldest_first:
        if excess > 0 and one.job not in needed:
            jobs.append(one.job)
            excess -= one.n_bytes
    return jobs
