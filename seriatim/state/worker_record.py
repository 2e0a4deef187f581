"""The record of a worker process in its pool: its registration, its counts, and the gauges that it writes itself."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from redis import Redis

from seriatim.keys import POOL_LIFE_S, pool_prefix
from seriatim.lua.script_calls import translate_redis_errors
from seriatim.servers.cluster_client import server_time
from seriatim.state.pool_record import PoolRecord, read_pool

COUNTS = {"slots": "slots", "sentences": "spoken", "ready_ms": "ready_ms", "pid": "pid"}  #: attributes by hash field
GAUGES = ("memory_bytes", "gpu_utilization", "gpu_memory_used", "gpu_memory_bytes", "slots_lost", "cache_hits")
FIELDS = ("engine", "host", "fingerprint", "since", "busy_ms", "audio_ms", *COUNTS.values(), *GAUGES)


@dataclass(frozen=True, slots=True)
class WorkerProcessState:
    """One worker process. A gauge is None if the process does not report it."""

    owner: str
    slots: int
    busy: int
    sentences: int  #: completed
    engine: str
    ready_ms: int  #: from its start until it had loaded its engine and spoken with it
    host: str
    pid: int
    up_s: float  #: since it registered
    memory_bytes: float | None  #: held by the process
    gpu_utilization: float | None  #: 0..1
    gpu_memory_used: float | None  #: 0..1, by all processes
    gpu_memory_bytes: float | None  #: held by the process
    slots_lost: float | None = None  #: given up, as its device's memory ran out
    cache_hits: float | None = None  #: sentences that came from its cache
    busy_s: float = 0.0  #: slot seconds that it spoke for
    audio_s: float = 0.0  #: length of the sentences that it spoke
    fingerprint: str = ""  #: of its audio; "" if its engine is not exact
    audio_differs: bool = False  #: from that of its pool

    @classmethod
    def decode(cls, owner: str, row: Sequence[bytes | None], busy: int, pool: PoolRecord) -> "WorkerProcessState":
        """Read the values of FIELDS; `busy` slots are speaking."""
        w = {name: value.decode(errors="replace") for name, value in zip(FIELDS, row, strict=True) if value is not None}
        whole = {name: int(w.get(field, 0)) for name, field in COUNTS.items()}
        gauges: dict[str, Any] = {name: float(w[name]) if name in w else None for name in GAUGES}
        up_s = round(max(0.0, pool.now_ms - float(w.get("since", pool.now_ms))) / 1000, 1)
        fingerprint = w.get("fingerprint", "")
        return cls(
            owner, busy=busy, fingerprint=fingerprint, audio_differs=fingerprint not in ("", pool.fingerprint),
            engine=w.get("engine", ""), host=w.get("host", ""), up_s=up_s,
            busy_s=float(w.get("busy_ms", 0)) / 1000, audio_s=float(w.get("audio_ms", 0)) / 1000, **whole, **gauges,
        )  # fmt: skip


def worker_names(redis: "Redis", pools: Iterable[str]) -> list[list[str]]:
    """The owners of each pool: its worker processes that have neither left nor were taken for dead.

    Raises:
        Unavailable: Redis does not answer.
    """
    pipe = redis.pipeline(transaction=False)
    for name in pools:
        pipe.zrange(f"{pool_prefix(name)}:wk", 0, -1)
    with translate_redis_errors():
        return [[owner.decode() for owner in row] for row in pipe.execute()]


def beating_workers(redis: "Redis", pool: str) -> list[str]:
    """The owners of a pool whose heartbeat is not overdue at this moment, whether or not a sweep has noticed.

    Raises:
        Unavailable: Redis does not answer.
    """
    offset_ms = read_pool(redis, pool).clock_offset_ms  # the pool's clock never steps back
    with translate_redis_errors():
        now_s, now_us = server_time(redis, pool_prefix(pool))
        now_ms = now_s * 1000 + now_us // 1000 + offset_ms
        found = cast("list[bytes]", redis.zrangebyscore(f"{pool_prefix(pool)}:wk", now_ms, "+inf"))
    return [owner.decode() for owner in found]


def read_workers(redis: "Redis", pools: Sequence[PoolRecord]) -> list[list[WorkerProcessState]]:
    """Read the worker processes of each pool, in two round trips.

    Raises:
        Unavailable: Redis does not answer.
    """
    owners = worker_names(redis, [pool.pool for pool in pools])
    flat = [(pool, owner) for pool, some in zip(pools, owners, strict=True) for owner in some]
    pipe = redis.pipeline(transaction=False)
    for pool, owner in flat:
        pipe.hmget(f"{pool_prefix(pool.pool)}:w:{owner}", FIELDS)
        pipe.hkeys(f"{pool_prefix(pool.pool)}:run:{owner}")
    with translate_redis_errors():
        found = iter(pipe.execute())
    states = iter([WorkerProcessState.decode(owner, next(found), len(next(found)), of) for of, owner in flat])
    return [[next(states) for _ in some] for some in owners]


def write_gauges(redis: "Redis", pool: str, owner: str, gauges: Mapping[str, float], gone: Iterable[str]) -> None:
    """Write the gauges of a process into its record, and take out those that are `gone`.

    Raises:
        Unavailable: Redis does not answer.
    """
    key, removed = f"{pool_prefix(pool)}:w:{owner}", sorted(gone)
    pipe = redis.pipeline()
    if gauges:
        pipe.hset(key, mapping={name: str(value) for name, value in gauges.items()})
    if removed:
        pipe.hdel(key, *removed)
    pipe.pexpire(key, POOL_LIFE_S * 1000, nx=True)
    with translate_redis_errors():
        pipe.execute()
