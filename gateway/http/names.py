"""Which pools there are, for somebody who asks: a new one should be seen while its operator still looks.

Scrapes are content with a list of half a minute ago (`metrics.NAMES_S`); whoever looks later finds what was seen here.
"""

import time
from dataclasses import dataclass

from gateway.http.metrics import Pools
from gateway.status import pool_names

SOON_S = 2.0  #: a new pool is in the lists so soon
SHARE = 0.02  #: of the time that may go into looking through all keys: where there are very many, lists are older


@dataclass(slots=True)
class Names:
    """The names of all pools. What was seen is shared with `pools`."""

    pools: Pools
    cost_s: float = 0.0  #: of the last look

    def known(self) -> list[str]:
        """The names as they were within SOON_S, or within as long as keeps to SHARE.

        Raises:
            Unavailable: Redis does not answer.
        """
        began_s = time.monotonic()
        if began_s - self.pools.named_s > max(SOON_S, self.cost_s / SHARE):
            self.pools.names, self.pools.named_s = pool_names(self.pools.redis), began_s
            self.cost_s = time.monotonic() - began_s
        return self.pools.names
