"""A cache of pools' records, for producers: what workers registered, asked for at most once in FRESH_S."""

import time
from dataclasses import dataclass, field

from redis import Redis

from seriatim.state.pool_record import PoolRecord, read_pool

FRESH_S = 5.0  #: what a pool's workers said is believed for so long; they rarely say something else


@dataclass(slots=True)
class PoolCache:
    """Records of pools."""

    redis: "Redis"
    known: dict[str, tuple[float, PoolRecord]] = field(default_factory=dict)

    def get(self, pool: str) -> PoolRecord:
        """The record of a pool, not older than FRESH_S.

        Raises:
            Unavailable: Redis does not answer.
        """
        at, record = self.known.get(pool, (0.0, PoolRecord()))
        if time.monotonic() - at > FRESH_S or not record.slots:
            return self.refresh(pool)
        return record

    def refresh(self, pool: str) -> PoolRecord:
        """The record of a pool as it is now.

        Raises:
            Unavailable: Redis does not answer.
        """
        record = read_pool(self.redis, pool)
        if record.slots:  # or it is asked for again anyway, and may be any name that a stranger thinks of
            self.known[pool] = (time.monotonic(), record)
        return record
