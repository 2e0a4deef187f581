"""Events of parts, read from the beginnings of their objects and kept: the content of a part never changes."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from seriatim.recordings.recording_parts import RecordingPart

if TYPE_CHECKING:
    from seriatim.recordings.bucket_store import BucketStore

KEPT = 1024  #: parts whose events a process keeps: some MB, those of many books
READS = 8  #: parts that are read at once


def read_lines(store: "BucketStore", job: str, parts: Iterable[RecordingPart]) -> list[str] | None:
    """The lines of events of parts, in order; None if one of them is gone, as after a merge."""
    chained = list(parts)
    read = partial(_lines_or_none, store, job)
    if len(chained) > READS:
        with ThreadPoolExecutor(READS, "events") as threads:
            found = list(threads.map(read, chained))
    else:
        found = [read(part) for part in chained]
    lines: list[str] = []
    for each in found:
        if each is None:
            return None
        lines += each
    return lines


def _lines_or_none(store: "BucketStore", job: str, part: RecordingPart) -> tuple[str, ...] | None:
    try:
        return _kept_lines(store, job, part)
    except KeyError:
        return None


@lru_cache(maxsize=KEPT)
def _kept_lines(store: "BucketStore", job: str, part: RecordingPart) -> tuple[str, ...]:
    """The lines of a part.

    Raises:
        KeyError: it is gone, which is not kept.
    """
    header = store.client.get(store.part_key(job, part), 0, part.header_bytes)
    if header is None:
        raise KeyError(part.name)
    return tuple(filter(None, header.decode("utf-8", "replace").split("\n")))
