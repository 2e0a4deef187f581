"""The dead-letter list of a pool: sentences that were given up, until an operator retries or forgets them.

Pool scripts write it (lua/pool/shared/failures.lua), with all that it takes to speak the sentence again when its job is
long gone (decision 14). The newest 1,000 of the last week are kept.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast

from redis import Redis

from seriatim.keys import PREFIX, pool_prefix, user_of
from seriatim.lua.script_calls import ScriptCall, integer, load, translate_redis_errors
from seriatim.records import BadRecord, JobSpec, Sentence
from seriatim.state.job_record import JobRecord, read_jobs


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A sentence that was given up."""

    pool: str
    job: str
    seq: int  #: 0-based
    reason: str  #: of its last failure
    at_ms: int  #: time at which it was given up, by the pool's clock
    failures: int
    user: str = ""
    sentence: Sentence | None = None  #: None: its text is lost
    spec: JobSpec | None = None  #: None: its job had expired

    @property
    def entry(self) -> str:
        """Its name in the list."""
        return f"{self.job}|{self.seq}"


def pools_with_dead_letters(redis: "Redis") -> list[str]:
    """The pools with dead letters."""
    with translate_redis_errors():
        found = [key.decode() for key in redis.scan_iter(f"{PREFIX}{{p:*}}:dead", count=1000)]
    return sorted(name.partition("{p:")[2].rpartition("}")[0] for name in found)


def read_dead_letters(redis: "Redis", pool: str) -> list[DeadLetter]:
    """The list of a pool, oldest first. Entries of another version are ignored.

    Raises:
        Unavailable: Redis does not answer.
    """
    with translate_redis_errors():
        kept = cast("dict[bytes, bytes]", redis.hgetall(f"{pool_prefix(pool)}:dead"))
    known = read_jobs(redis, pool, _jobs(kept))
    found = [decode_dead_letter(pool, name, raw, known) for name, raw in kept.items()]
    return sorted((dead for dead in found if dead), key=lambda dead: (dead.at_ms, dead.job, dead.seq))


def decode_dead_letter(
    pool: str, name: bytes, raw: bytes, known: Mapping[str, JobRecord] = MappingProxyType({})
) -> DeadLetter | None:
    """Decode one entry; `known` has the jobs that still exist. None if the entry is of another version."""
    try:
        job, bar, seq = name.decode().rpartition("|")
        values = json.loads(raw)
        if not bar or not isinstance(values, dict):
            return None
        record = known.get(job)
        spec, user = (record.spec, record.user) if record else ("", "")
        return DeadLetter(
            pool, job, int(seq), str(values["reason"]), int(values["at"]), int(values["failures"]),
            user_of(str(values.get("user") or "")) or user, _sentence(values), _spec(values.get("spec") or spec),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, BadRecord, RecursionError):
        return None


def forget_dead_letters(pool: str, entries: Iterable[str]) -> ScriptCall[int]:
    """Remove entries from the list; returns the number removed."""
    return ScriptCall(load("pool", "dead_forget"), pool_prefix(pool), ("", *entries), integer)


def _jobs(kept: Iterable[bytes]) -> set[str]:
    return {name.decode(errors="replace").rpartition("|")[0] for name in kept}


def _sentence(values: Mapping[str, Any]) -> Sentence | None:
    row = str(values.get("sentence") or "")
    return Sentence.from_json(row.partition("|")[2]) if row else None


def _spec(raw: str) -> JobSpec | None:
    return JobSpec.from_json(raw) if raw else None
