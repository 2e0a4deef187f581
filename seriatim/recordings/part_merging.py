"""Merging of small parts, so that a recording of hours is some hundred objects and not ten thousand.

The merged part is there before those that it is made of are deleted, so a recording is whole at every moment, and
after a kill at any of them. Leftovers are contained in another part, which readers prefer; the next merge of the
job, or its removal, deletes them.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from seriatim.recordings.recording_parts import RecordingPart, chain, small_runs

if TYPE_CHECKING:
    from seriatim.recordings.bucket_store import BucketStore

MERGE_BYTES = 8 << 20  #: three minutes at 24 kHz; a merge holds three or four times as much in memory
READS = 8  #: parts that a merge reads at once


def merge_small(store: "BucketStore", job: str) -> None:
    """Merge the small parts of a job, and delete those that others contain; may run any number of times.

    Raises:
        StoreUnavailable, Misconfigured: the rest is left to a later call; nothing is lost.
    """
    parts = store.parts(job)
    chained = chain(parts)
    merged = [_merge_run(store, job, run) if len(run) > 1 else run[0] for run in small_runs(chained, MERGE_BYTES)]
    whole = [part for part in merged if part] + [s for s in chained if s.n_bytes >= MERGE_BYTES // 2]
    for part in _contained(parts, whole):
        store.client.delete(store.part_key(job, part))


def _merge_run(store: "BucketStore", job: str, run: list[RecordingPart]) -> RecordingPart | None:
    """Write one part for a run of neighbours; None if another recorder has merged them meanwhile."""
    with ThreadPoolExecutor(READS, "merge") as threads:
        read = partial(_read, store, job)
        contents = list(threads.map(read, run))
    headers, audio = bytearray(), bytearray()
    reached = run[0].at
    for part, content in zip(run, contents, strict=True):
        if content is None or len(content) != part.header_bytes + part.n_bytes:
            return None
        headers += content[: part.header_bytes]
        audio += content[part.header_bytes + reached - part.at :]
        reached = part.stop
    merged = RecordingPart(run[0].start, run[-1].end, run[0].at, reached, len(headers))
    store.client.put(store.part_key(job, merged), bytes(headers + audio), only_new=True)
    return merged


def _read(store: "BucketStore", job: str, part: RecordingPart) -> bytes | None:
    return store.client.get(store.part_key(job, part))


def _contained(parts: Iterable[RecordingPart], whole: list[RecordingPart]) -> list[RecordingPart]:
    """The parts that are within one of `whole`, and are not one of them."""
    return [part for part in parts if part not in whole and any(other.contains(part) for other in whole)]
