"""What producers need to know of a pool, as its workers registered it."""

import json
import time
from dataclasses import dataclass, field

from redis import Redis

from seriatim.keys import pool_prefix
from seriatim.scripts import answered

FRESH_S = 5.0  #: what a pool's workers said is believed for so long; they rarely say something else


@dataclass(frozen=True, slots=True)
class PoolFacts:
    """A pool as its workers describe it; the defaults are those of a pool without any yet."""

    slots: int = 0
    rate_hz: int = 0
    limit_chars: int = 250
    merge_chars: int = 0
    voices: tuple[tuple[str, str], ...] = ()  #: (name, language); the first is the default


@dataclass(slots=True)
class PoolBook:
    """Facts of pools, asked for at most once in FRESH_S."""

    redis: "Redis"
    known: dict[str, tuple[float, PoolFacts]] = field(default_factory=dict)

    def facts(self, pool: str) -> PoolFacts:
        """The facts of a pool."""
        at, facts = self.known.get(pool, (0.0, PoolFacts()))
        if time.monotonic() - at > FRESH_S or not facts.slots:
            facts = read_facts(self.redis, pool)
            self.known[pool] = (time.monotonic(), facts)
        return facts


def read_facts(redis: "Redis", pool: str) -> PoolFacts:
    """Ask Redis for the facts of a pool, in one round trip."""
    prefix = pool_prefix(pool)
    pipe = redis.pipeline(transaction=False)
    pipe.hmget(f"{prefix}:m", ["slots", "rate_hz", "limit_chars", "merge_chars"])
    pipe.get(f"{prefix}:voices")
    with answered():
        (slots, rate_hz, limit, merge), voices = pipe.execute()
    listed = json.loads(voices) if voices else []
    return PoolFacts(
        int(slots or 0), int(rate_hz or 0), int(limit or 250), int(merge or 0),
        tuple((v["name"], v["language"]) for v in listed),
    )  # fmt: skip
