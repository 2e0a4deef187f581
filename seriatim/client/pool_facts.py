"""Facts of a pool that clients need, as its workers registered them."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from redis import Redis

from seriatim.engine import Voice
from seriatim.engine_abilities import Abilities
from seriatim.keys import pool_prefix
from seriatim.lua.script_calls import translate_redis_errors

FRESH_S = 5.0  #: what a pool's workers said is believed for so long; they rarely say something else
FIELDS = ["slots", "rate_hz", "limit_chars", "merge_chars", "limits", "demand", "eta", "reserve", "abilities"]
TIGHT = 0.85  #: load from which first pieces become smaller, as lua/pool/_pool.lua has it for chunks


@dataclass(frozen=True, slots=True)
class PoolFacts:
    """A pool as its workers describe it; the defaults are those of a pool without any yet."""

    slots: int = 0
    rate_hz: int = 0
    limit_chars: int = 250
    merge_chars: int = 0
    voices: tuple[tuple[str, str], ...] = ()  #: (name, language); the first is the default
    limits: Mapping[str, int] = field(default_factory=dict)  #: limit_chars of single languages
    abilities: tuple[Abilities, ...] = ()  #: each of some of its workers; any of them may get any sentence
    tight: bool = False  #: live listeners need nearly all of it: first pieces are made smaller

    @property
    def voice_names(self) -> list[str]:
        """The names of its voices."""
        return [name for name, _ in self.voices]

    def check(self, language: str, speed: float, options: Mapping[str, float]) -> None:
        """Refuse what one of its workers cannot do; a pool without workers may turn out to do anything.

        Raises:
            as `Abilities.check`.
        """
        for abilities in self.abilities:
            abilities.check(language, speed, options)

    def limit_of(self, language: str) -> int:
        """The longest text in `language`, a BCP 47 tag, that the engine speaks well in one go."""
        tag = language.lower()
        while tag and tag not in self.limits:
            tag = tag.rpartition("-")[0]
        return self.limits.get(tag, self.limit_chars)


@dataclass(slots=True)
class PoolCache:
    """Facts of pools, asked for at most once in FRESH_S."""

    redis: "Redis"
    known: dict[str, tuple[float, PoolFacts]] = field(default_factory=dict)

    def facts(self, pool: str) -> PoolFacts:
        """The facts of a pool."""
        at, facts = self.known.get(pool, (0.0, PoolFacts()))
        if time.monotonic() - at > FRESH_S or not facts.slots:
            return self.ask(pool)
        return facts

    def ask(self, pool: str) -> PoolFacts:
        """The facts of a pool as they are now."""
        facts = read_facts(self.redis, pool)
        if facts.slots:  # or it is asked for again anyway, and may be any name that a stranger thinks of
            self.known[pool] = (time.monotonic(), facts)
        return facts


def read_facts(redis: "Redis", pool: str) -> PoolFacts:
    """Ask Redis for the facts of a pool, in one round trip."""
    prefix = pool_prefix(pool)
    pipe = redis.pipeline(transaction=False)
    pipe.hmget(f"{prefix}:m", FIELDS)
    pipe.get(f"{prefix}:voices")
    with translate_redis_errors():
        (slots, rate_hz, limit, merge, limits, demand, eta, reserve, abilities), voices = pipe.execute()
    listed = json.loads(voices) if voices else []
    room = float(eta or 1) * (1 - float(reserve or 0)) * int(slots or 0)
    return PoolFacts(
        int(slots or 0), int(rate_hz or 0), int(limit or 250), int(merge or 0),
        tuple((v["name"], v["language"]) for v in listed), json.loads(limits or b"{}"),
        tuple(map(Abilities.from_dict, json.loads(abilities or b"[]"))),
        tight=float(demand or 0) > TIGHT * room,
    )  # fmt: skip


def read_voices(redis: "Redis", pool: str) -> list[Voice]:
    """All that a pool's workers say of its voices, for people who choose one; the first is the default.

    Raises:
        Unavailable: Redis does not answer.
    """
    with translate_redis_errors():
        found = cast("bytes | None", redis.get(f"{pool_prefix(pool)}:voices"))
    listed = json.loads(found) if found else []
    return [Voice(v["name"], v["language"], v["description"], tuple(v.get("languages", ()))) for v in listed]
