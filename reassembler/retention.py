"""Retention of recordings: a thread of each reassembler removes expired ones, one shard at a time.

Several reassemblers may share a store; whoever comes first removes. A recording whose job still has a slot in Redis is
left alone, however old: it may be waiting for its next sentence.
"""

import logging
import shutil
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from seriatim import recording_store
from seriatim.errors import SeriatimError
from seriatim.keys import JOB_ID, SHARDS
from seriatim.state.stream_record import known_jobs

log = logging.getLogger(__name__)

ROUND_S = 3600.0  #: the whole store is looked through once in so long
DAY_S = 86_400.0


@dataclass(slots=True)
class RecordingRetention:
    """How long recordings are kept."""

    redis: "Redis"
    store_dir: Path
    keep_days: float  #: 0: for ever
    turn: int = 0  #: the shard that is next, also after one of which something unexpected was raised

    def run(self, stopping: threading.Event) -> None:
        """Look through the store until told to stop, beginning at once."""
        while self.keep_days and not stopping.is_set():
            shard, self.turn = self.turn, (self.turn + 1) % SHARDS
            try:
                self.sweep(shard)
            except (OSError, SeriatimError) as error:  # the next round comes back to it
                log.warning("cannot look through the store", extra={"shard": shard, "error": str(error)})
            if stopping.wait(min(ROUND_S, self.keep_days * DAY_S) / SHARDS):
                return

    def sweep(self, shard: int) -> int:
        """Remove what is too old in a shard; returns how many recordings that was.

        Raises:
            OSError: the store cannot be read.
            Unavailable: Redis does not answer.
        """
        place, before_s = self.store_dir / f"{shard:02d}", time.time() - self.keep_days * DAY_S
        if not place.is_dir():
            return 0
        old = [path for path in place.iterdir() if _written_s(path) < before_s]
        for grave in (
            path for path in old if path.name.startswith(recording_store.GRAVE)
        ):  # of one that died in the middle
            shutil.rmtree(grave, ignore_errors=True)
        removed = [job for job in self._over(path.name for path in old) if recording_store.remove(self.store_dir, job)]
        for job in removed:
            log.info("a recording was removed", extra={"job": job, "after_days": self.keep_days})
        return len(removed)

    def _over(self, names: Iterable[str]) -> list[str]:
        """Those that are jobs, of which Redis knows nothing any more."""
        jobs = [name for name in names if JOB_ID.fullmatch(name)]
        known = known_jobs(self.redis, jobs)
        return [job for job in jobs if job not in known]


def _written_s(path: Path) -> float:
    """When a recording was written last, in s since 1970; one that vanishes meanwhile is as young as can be."""
    events = path / "events.jsonl"
    try:
        return (events if events.exists() else path).stat().st_mtime
    except FileNotFoundError:
        return float("inf")
