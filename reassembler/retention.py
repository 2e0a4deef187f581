"""Retention of recordings: a thread of each reassembler removes expired ones, and the oldest of a store that is full.

It looks at one shard at a time. Several reassemblers may share a store; the first to see an expired recording removes
it. A recording whose job is still in Redis is kept, however old: it may be waiting for its next sentence.
"""

import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from redis import Redis

from reassembler.store_size import surplus
from seriatim import recording_store
from seriatim.errors import SeriatimError
from seriatim.keys import SHARDS
from seriatim.recordings.store_place import StorePlace
from seriatim.recordings.stored_recording import StoredRecording
from seriatim.state.stream_record import known_jobs

log = logging.getLogger(__name__)

ROUND_S = 3600.0  #: the whole store is swept once in this time
DAY_S = 86_400.0


@dataclass(slots=True)
class RecordingRetention:
    """Removes recordings that are older than `keep_days`, and the oldest where all take more than `limit_bytes`."""

    redis: "Redis"
    store_dir: StorePlace
    keep_days: float  #: 0: for ever
    limit_bytes: int = 0  #: of the whole store; 0: none
    next_shard: int = 0  #: advanced before a shard is swept, so that an unexpected error does not repeat at once
    _recordings: dict[int, list[StoredRecording]] = field(default_factory=dict)  #: of each shard, as it was last seen

    def run(self, stopping: threading.Event) -> None:
        """Sweep the store, one shard at a time, until `stopping` is set; the first sweep is immediate."""
        round_s = min(ROUND_S, self.keep_days * DAY_S or ROUND_S)
        while (self.keep_days or self.limit_bytes) and not stopping.is_set():
            shard, self.next_shard = self.next_shard, (self.next_shard + 1) % SHARDS
            try:
                if self.keep_days:
                    self.sweep(shard)
                if self.limit_bytes:
                    self.limit_size(shard)
            except (OSError, SeriatimError) as error:  # the next round tries this shard again
                log.warning("retention sweep failed", extra={"shard": shard, "error": str(error)})
            if stopping.wait(round_s / SHARDS):
                return

    def sweep(self, shard: int) -> int:
        """Remove the expired recordings of a shard; returns their number.

        Raises:
            OSError, StoreUnavailable, Misconfigured: the store cannot be read.
            Unavailable: Redis does not answer.
        """
        old = recording_store.store_at(self.store_dir).old_jobs(shard, time.time() - self.keep_days * DAY_S)
        removed = self._remove(self._ended_jobs(old))
        for job in removed:
            log.info("recording removed", extra={"job": job, "after_days": self.keep_days})
        return len(removed)

    def limit_size(self, shard: int) -> int:
        """Look at a shard, and remove the oldest recordings of all while the store is too large; returns their number.

        Raises:
            OSError, StoreUnavailable, Misconfigured: the store cannot be read.
            Unavailable: Redis does not answer.
        """
        self._recordings[shard] = recording_store.store_at(self.store_dir).recordings(shard)
        recordings = [one for of_shard in self._recordings.values() for one in of_shard]
        if sum(one.n_bytes for one in recordings) <= self.limit_bytes:
            return 0
        known = known_jobs(self.redis, [one.job for one in recordings])
        jobs = set(surplus(recordings, known, self.limit_bytes))
        removed = self._remove(jobs)
        for number, of_shard in self._recordings.items():
            self._recordings[number] = [one for one in of_shard if one.job not in jobs]
        for job in removed:
            log.info("recording removed", extra={"job": job, "limit_bytes": self.limit_bytes})
        return len(removed)

    def _remove(self, jobs: Iterable[str]) -> list[str]:
        """Remove recordings; returns the jobs that had one."""
        return [job for job in jobs if recording_store.remove(self.store_dir, job)]

    def _ended_jobs(self, jobs: list[str]) -> list[str]:
        """The jobs that are no longer in Redis."""
        known = known_jobs(self.redis, jobs)
        return [job for job in jobs if job not in known]
