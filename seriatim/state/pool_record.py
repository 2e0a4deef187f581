"""The record of a pool: what its workers registered, what its scripts measured and counted.

`seriatim/keys.py` has the fields of the hash `:m`; nothing outside this module reads them.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from redis import Redis

from seriatim.engine import Voice
from seriatim.engine_abilities import Abilities
from seriatim.keys import POOL_LIFE_S, PREFIX, pool_prefix
from seriatim.lua.script_calls import translate_redis_errors

TIGHT = 0.85  #: load from which first pieces become smaller, as lua/pool/shared/pool_load.lua has it for chunks
CACHE_ERRORS = "cache_errors"  #: counter of what `add_cache_errors` counts
FIELDS = (
    "slots", "rate_hz", "limit_chars", "merge_chars", "limits", "abilities", "fingerprint", "demand", "eta", "reserve",
    "rtf", "theta", "cost", "now", "off", "jobs", "infl", "done", "refused", "retries", "fenced", "given_up",
    "lost_messages", "restarts", "allowed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PoolRecord:
    """One pool; the defaults are those of a pool without any worker yet."""

    pool: str = ""
    slots: int = 0
    rate_hz: int = 0
    limit_chars: int = 250
    merge_chars: int = 0
    limits: Mapping[str, int] = field(default_factory=dict)  #: limit_chars of single languages
    abilities: tuple[Abilities, ...] = ()  #: each of some of its workers; any of them may get any sentence
    voices: tuple[Voice, ...] = ()  #: the first is the default
    fingerprint: str = ""  #: of its exact workers' audio; a worker with another one gives other bytes
    tight: bool = False  #: live listeners need nearly all of it: pieces are made smaller
    listeners: int = 0  #: live jobs not yet spoken, by the slots that they need; near, not exact
    usable_slots: int = 0  #: of its slots, those that the governor lets it use
    rtf: float = 0.0  #: slot seconds per second of audio
    theta_ms: float = 0.0  #: how far ahead of virtual time a user may be
    cost_ms: float = 0.0  #: mean slot time of a sentence
    now_ms: float = 0.0  #: its clock, at its last script
    clock_offset_ms: int = 0  #: of its clock to the server's, which may step back
    jobs: int = 0  #: not over
    in_flight: int = 0  #: sentences dispatched or spoken
    done: int = 0  #: sentences spoken
    refused: int = 0
    retries: int = 0
    fenced: int = 0  #: attempts that went on when another had their sentence
    given_up: int = 0  #: sentences
    lost_messages: int = 0  #: that no worker claimed in time
    restarts: int = 0  #: of Redis

    @property
    def voice_names(self) -> list[str]:
        """The names of its voices."""
        return [voice.name for voice in self.voices]

    @property
    def blends(self) -> bool:
        """Can all its workers mix voices?"""
        return bool(self.abilities) and all(each.blends for each in self.abilities)

    def language_of(self, voice: str) -> str:
        """The first language of a voice, with a timbre or mixed with others; "" if it speaks any, or is unknown.

        Without a name it is the default voice's.
        """
        found = self.voice(voice)
        return found.language if found else ""

    def voice(self, name: str) -> Voice | None:
        """The voice that a name means, such as de of `de+f3`; the default for none."""
        if not name:
            return next(iter(self.voices), None)
        by_name = {each.name: each for each in self.voices}
        base = re.split(r"[+(]", name)[0].strip()
        return by_name.get(name) or by_name.get(base) or (None if base else next(iter(self.voices), None))

    def speaks(self, language: str) -> bool:
        """Whether all its workers list the language; false where one of them lists none."""
        listed = [each.languages and each.supports_language(language) for each in self.abilities]
        return bool(listed) and all(listed)

    def check(self, language: str, speed: float, options: Mapping[str, float]) -> None:
        """Refuse what one of its workers cannot do; a pool without workers may turn out to do anything.

        Raises:
            as `Abilities.check`.
        """
        for abilities in self.abilities:
            abilities.check(language, speed, options)

    @property
    def takes_phonemes(self) -> bool:
        """Whether all its workers speak the phonemes of a lexicon; true for a pool without workers."""
        return all(abilities.phonemes for abilities in self.abilities)

    @property
    def takes_neighbours(self) -> bool:
        """Whether all its workers speak a sentence by the texts around it; false for a pool without workers."""
        return bool(self.abilities) and all(abilities.neighbours for abilities in self.abilities)

    @property
    def keeps_sentences(self) -> bool:
        """Whether all its workers keep sentences in a cache; false for a pool without workers."""
        return bool(self.abilities) and all(abilities.cached for abilities in self.abilities)

    def limit_of(self, language: str) -> int:
        """The longest text in `language`, a BCP 47 tag, that the engine speaks well in one go."""
        tag = language.lower()
        while tag and tag not in self.limits:
            tag = tag.rpartition("-")[0]
        return self.limits.get(tag, self.limit_chars)

    @classmethod
    def decode(cls, pool: str, row: Sequence[bytes | None], voices: bytes | None = None) -> "PoolRecord":
        """Read the values of FIELDS, and the list of voices."""
        h = {name: value for name, value in zip(FIELDS, row, strict=True) if value is not None}

        def number(name: str, default: float = 0) -> float:
            return float(h.get(name, default))

        usable = min(number("slots"), number("allowed", math.inf))
        room = number("eta", 1) * (1 - number("reserve")) * usable
        share = min(number("rtf"), room)  # what lua/pool/submit.lua reserves for a live job at the normal speed
        return cls(
            pool, int(number("slots")), int(number("rate_hz")), int(number("limit_chars", 250)),
            int(number("merge_chars")), json.loads(h.get("limits", b"{}")),
            tuple(map(Abilities.from_dict, json.loads(h.get("abilities") or b"[]"))),
            tuple(map(_voice, json.loads(voices or b"[]"))), h.get("fingerprint", b"").decode(),
            number("demand") > TIGHT * room, round(number("demand") / share) if share > 0 else 0, int(usable),
            number("rtf"), number("theta"), number("cost"), number("now"),
            *(int(number(name)) for name in FIELDS[FIELDS.index("off") : -1]),
        )  # fmt: skip


def _voice(card: Mapping[str, str]) -> Voice:
    return Voice(card["name"], card["language"], card["description"], tuple(card.get("languages", ())))


def read_pools(redis: "Redis", pools: Iterable[str]) -> list[PoolRecord]:
    """Read pools in one round trip.

    Raises:
        Unavailable: Redis does not answer.
    """
    names = list(pools)
    pipe = redis.pipeline(transaction=False)
    for name in names:
        pipe.hmget(f"{pool_prefix(name)}:m", FIELDS)
        pipe.get(f"{pool_prefix(name)}:voices")
    with translate_redis_errors():
        found = pipe.execute()
    return [PoolRecord.decode(*of) for of in zip(names, found[::2], found[1::2], strict=True)]


def read_pool(redis: "Redis", pool: str) -> PoolRecord:
    """Read one pool; one that has never been is a pool without workers.

    Raises:
        Unavailable: Redis does not answer.
    """
    return read_pools(redis, [pool])[0]


def read_epoch(redis: "Redis", pool: str) -> str:
    """The epoch of a pool, which a restart of Redis ends.

    Raises:
        Unavailable: Redis does not answer.
    """
    with translate_redis_errors():
        epoch = redis.hget(f"{pool_prefix(pool)}:m", "epoch")
    return epoch.decode() if isinstance(epoch, bytes) else "0"


def add_cache_errors(redis: "Redis", pool: str, n_errors: int) -> None:
    """Count sentences that a worker could not write into its cache; a call that is sent again may count them twice.

    Raises:
        Unavailable: Redis does not answer.
    """
    key = f"{pool_prefix(pool)}:n"
    pipe = redis.pipeline()
    pipe.hincrby(key, CACHE_ERRORS, n_errors)
    pipe.pexpire(key, POOL_LIFE_S * 1000, nx=True)
    with translate_redis_errors():
        pipe.execute()


def read_cache_errors(redis: "Redis", pool: str) -> int:
    """How many sentences the workers of a pool could not write into their cache.

    Raises:
        Unavailable: Redis does not answer.
    """
    with translate_redis_errors():
        found = cast("bytes | None", redis.hget(f"{pool_prefix(pool)}:n", CACHE_ERRORS))
    return int(found or 0)


def read_marks(redis: "Redis", pools: Iterable[str]) -> list[dict[str, int]]:
    """How many sentences the engines of each pool had doubts about, by the word for the doubt.

    Raises:
        Unavailable: Redis does not answer.
    """
    pipe = redis.pipeline(transaction=False)
    for name in pools:
        pipe.hgetall(f"{pool_prefix(name)}:m")
    with translate_redis_errors():
        found = cast("list[dict[bytes, bytes]]", pipe.execute())
    return [
        {name[7:].decode(): int(n) for name, n in sorted(of.items()) if name.startswith(b"marked_")} for of in found
    ]


def pool_names(redis: "Redis", configured: Iterable[str] = ()) -> list[str]:
    """The names of all pools, in order. Looks through all keys of the server.

    A pool is one because workers have registered for it within a week, because it has jobs, or because it is
    configured. A name that a caller has thought of, and that was refused, leaves keys behind too: it is none.
    """
    with translate_redis_errors():
        found = list(redis.scan_iter(f"{PREFIX}{{p:*}}:m", count=1000))
        pipe = redis.pipeline(transaction=False)
        for key in found:
            pipe.hmget(key, "slots", "jobs")
        rows = cast("list[list[bytes | None]]", pipe.execute())
    names = [key.decode().partition("{p:")[2].rpartition("}")[0] for key in found]
    real = {name for name, (slots, jobs) in zip(names, rows, strict=True) if slots is not None or int(jobs or 0) > 0}
    return sorted(real.union(configured))
