"""A cache of pool records for producers: what workers registered, read at most once in FRESH_S."""

import time
from dataclasses import dataclass, field

from redis import Redis

from seriatim.state.pool_record import PoolRecord, read_pool

FRESH_S = 1.0  #: time for which a record is reused: what it says of the load is older than a sentence soon


@dataclass(slots=True)
class PoolCache:
    """Pool records by name."""

    redis: "Redis"
    known: dict[str, tuple[float, PoolRecord]] = field(default_factory=dict)

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
