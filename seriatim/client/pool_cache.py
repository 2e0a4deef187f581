"""A cache of pool records for producers: what workers registered, read at most once in FRESH_S."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from redis import Redis

from seriatim.errors import CommandRefused
from seriatim.state.pool_record import PoolRecord, pool_names, read_pool, read_pools

FRESH_S = 1.0  #: time for which a record is reused: what it says of the load is older than a sentence soon
SHARE = 0.05  #: of the time that may go into looking through all keys: where there are very many, lists are older


@dataclass(slots=True)
class PoolCache:
    """Pool records by name."""

    redis: "Redis"
    known: dict[str, tuple[float, PoolRecord]] = field(default_factory=dict)
    listed: list[PoolRecord] = field(default_factory=list)  #: all that had workers
    listed_until_s: float = float("-inf")

    def get(self, pool: str) -> PoolRecord:
        """The record of a pool, at most FRESH_S old.

        Raises:
            Unavailable: Redis does not answer.
        """
        at, record = self.known.get(pool, (0.0, PoolRecord()))
        if time.monotonic() - at > FRESH_S or not record.slots:
            return self.refresh(pool)
        return record

    def refresh(self, pool: str) -> PoolRecord:
        """The current record of a pool.

        Raises:
            Unavailable: Redis does not answer.
        """
        record = read_pool(self.redis, pool)
        if record.slots:  # an empty record is read again anyway, and its name may be arbitrary
            self.known[pool] = (time.monotonic(), record)
        return record

    def add_listener(self, pool: str) -> None:
        """Count a live job that was just accepted: of listeners who come at the same moment, the record has none."""
        if pool in self.known:
            at, record = self.known[pool]
            self.known[pool] = at, replace(record, listeners=record.listeners + 1)

    def with_workers(self) -> Iterator[PoolRecord]:
        """The pools that have workers, by name, at most FRESH_S old, or as old as keeps to SHARE.

        An empty list is read again. A role that may not look through all keys sees none.

        Raises:
            Unavailable: Redis does not answer.
        """
        began_s = time.monotonic()
        if not self.listed or began_s > self.listed_until_s:
            try:
                pools = read_pools(self.redis, pool_names(self.redis))
            except CommandRefused:
                pools = []
            self.listed = [pool for pool in pools if pool.slots]
            ended_s = time.monotonic()
            self.listed_until_s = ended_s + max(FRESH_S, (ended_s - began_s) / SHARE)
        yield from self.listed
