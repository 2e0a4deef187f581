"""The state of pools, workers and jobs, read in one place."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

from redis import Redis

from seriatim.keys import PREFIX, pool_prefix, user_of
from seriatim.lua.pool_scripts import signals
from seriatim.lua.script_calls import run, translate_redis_errors
from seriatim.pool_metrics import PoolMetrics, TimeHistogram
from seriatim.reassembler_heartbeats import running_reassemblers

JOBS_SHOWN = 100  #: of a pool
COUNTS = ("done", "refused", "retries", "fenced", "given_up", "lost_messages", "restarts")  #: of a pool's :m
GAUGES = ("memory_bytes", "gpu_utilization", "gpu_memory_used", "gpu_memory_bytes")  #: of workers/worker_gauges.py


@dataclass(frozen=True, slots=True)
class WorkerProcessState:
    """One worker process."""

    owner: str
    slots: int
    busy: int
    spoken: int
    engine: str
    ready_ms: int  #: from its start until it had loaded its engine and spoken with it
    host: str
    pid: int
    up_s: float  #: since it registered
    memory_bytes: float | None  #: held by the process; None here and below: nobody says
    gpu_utilization: float | None  #: 0..1
    gpu_memory_used: float | None  #: 0..1, by whomever
    gpu_memory_bytes: float | None  #: held by the process


@dataclass(frozen=True, slots=True)
class LiveJobState:
    """One live job, as its pool sees it."""

    job: str
    user: str
    kind: str
    sentences: int
    done: int
    in_flight: int
    ahead_s: float  #: audio dispatched and not yet heard; of batch: not yet delivered
    due_s: float | None  #: until playback reaches the next sentence to be dispatched; None: nobody waits for it


@dataclass(frozen=True, slots=True)
class PoolState:
    """One pool."""

    pool: str
    slots: int
    in_flight: int
    demand: float  #: slots that live jobs need
    held: float  #: slots kept for listeners whose audio is spoken and not yet heard
    rtf: float
    done: int
    refused: int
    retries: int
    fenced: int  #: attempts that went on when another had their sentence
    given_up: int
    dead: int  #: sentences in the dead-letter list
    lost_messages: int  #: that no worker claimed in time
    restarts: int  #: of Redis
    n_jobs: int  #: not over; `jobs` has the first of them
    waiting: int  #: sentences accepted and not in flight
    room: float  #: slots that live jobs may have
    load: float  #: (demand + held) / room
    wait_p50_ms: float | None  #: of live sentences, from dispatchable to claimed, of late
    wait_p95_ms: float | None
    batch_wait_p95_ms: float | None
    slack_p5_ms: float | None  #: 19 of 20 sentences are claimed earlier than this before they are heard
    refused_lately: int  #: in the last one to two minutes
    refused_for: Mapping[str, int]
    expected_back: int  #: refused, and told when to come
    degraded: tuple[str, ...]
    saved_s: float  #: audio never made, of jobs that ended early
    wasted_s: float  #: audio made in vain
    workers: tuple[WorkerProcessState, ...]
    jobs: tuple[LiveJobState, ...]


@dataclass(frozen=True, slots=True)
class RedisState:
    """The Redis server that all pools are on."""

    used_bytes: int
    most_bytes: int  #: maxmemory; 0 is no limit
    reassemblers: int


def redis_state(redis: "Redis") -> RedisState:
    """How full Redis is, and who works beside the pools.

    Raises:
        Unavailable: it does not answer.
    """
    with translate_redis_errors():
        told = redis.info("memory")
    return RedisState(int(told["used_memory"]), int(told["maxmemory"]), len(running_reassemblers(redis)))


def pool_states(redis: "Redis") -> list[PoolState]:
    """All pools that have left a trace."""
    lines = [_pool(redis, name) for name in pool_names(redis)]
    return [line for line in lines if line.slots or line.workers or line.jobs or line.done]


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
        facts = cast("list[list[bytes | None]]", pipe.execute())
    names = [key.decode().partition("{p:")[2].rpartition("}")[0] for key in found]
    real = {name for name, (slots, jobs) in zip(names, facts, strict=True) if slots is not None or int(jobs or 0) > 0}
    return sorted(real.union(configured))


def _pool(redis: "Redis", name: str) -> PoolState:
    """One pool, in three round trips however many jobs there are: a person may look from far away."""
    prefix = pool_prefix(name)
    pipe = redis.pipeline(transaction=False)
    pipe.hgetall(f"{prefix}:m")
    pipe.zrange(f"{prefix}:wk", 0, -1)
    pipe.zrange(f"{prefix}:act", 0, JOBS_SHOWN - 1)
    pipe.hlen(f"{prefix}:dead")
    with translate_redis_errors():
        hashed, owners, live, dead = pipe.execute()
    m = _decoded(hashed)
    now_ms = float(m.get("now", 0))
    counts: dict[str, Any] = {each: int(m.get(each, 0)) for each in COUNTS}
    s = run(redis, signals(name))
    workers, jobs = _lines(redis, prefix, [x.decode() for x in owners], [x.decode() for x in live], now_ms)
    return PoolState(
        pool=name, slots=s.slots, in_flight=s.in_flight, demand=round(s.demand, 2), held=round(s.held, 2),
        rtf=round(s.rtf, 3), dead=dead, n_jobs=s.jobs,
        **counts,
        **_of_late(s),
        workers=tuple(workers), jobs=tuple(jobs),
    )  # fmt: skip


def _lines(
    redis: "Redis", prefix: str, owners: list[str], live: list[str], now_ms: float
) -> tuple[list[WorkerProcessState], list[LiveJobState]]:
    """Workers, and jobs: those first whose listeners run dry first."""
    pipe, n = redis.pipeline(transaction=False), len(owners)
    for owner in owners:
        pipe.hgetall(f"{prefix}:w:{owner}")
    for owner in owners:
        pipe.hlen(f"{prefix}:run:{owner}")
    for job in live:
        pipe.hgetall(f"{prefix}:j:{job}")
    with translate_redis_errors():
        found = pipe.execute()
    workers = [
        _worker(owner, _decoded(w), busy, now_ms)
        for owner, w, busy in zip(owners, found[:n], found[n : 2 * n], strict=True)
    ]
    jobs = [_job(job, _decoded(h), now_ms) for job, h in zip(live, found[2 * n :], strict=True)]
    return workers, sorted(jobs, key=lambda j: (j.due_s is None, j.due_s or 0.0))


def _of_late(s: PoolMetrics) -> dict[str, Any]:
    def at(spread: TimeHistogram, share: float) -> float | None:
        found = spread.quantile_ms(share)
        return None if found is None else round(found, 1)

    return {
        "waiting": s.waiting, "room": round(s.room, 2), "load": round(s.load, 3),
        "wait_p50_ms": at(s.wait_live, 0.5), "wait_p95_ms": at(s.wait_live, 0.95),
        "batch_wait_p95_ms": at(s.wait_batch, 0.95), "slack_p5_ms": at(s.slack, 0.05),
        "refused_lately": s.refused_lately, "refused_for": s.refused, "expected_back": s.line, "degraded": s.degraded,
        "saved_s": s.counts.get("saved_ms", 0) / 1000, "wasted_s": s.counts.get("wasted_ms", 0) / 1000,
    }  # fmt: skip


def _worker(owner: str, w: dict[str, str], busy: int, now_ms: float) -> WorkerProcessState:
    whole = {name: int(w.get(name, 0)) for name in ("slots", "spoken", "ready_ms", "pid")}
    up_s = max(0.0, now_ms - float(w.get("since", now_ms))) / 1000
    gauges: dict[str, Any] = {name: float(w[name]) if name in w else None for name in GAUGES}
    return WorkerProcessState(
        owner, busy=busy, engine=w.get("engine", ""), host=w.get("host", ""), up_s=round(up_s, 1), **whole, **gauges
    )


def _job(job: str, h: dict[str, str], now_ms: float) -> LiveJobState:
    n, live = int(h.get("n", 0)), int(h.get("live", 0))
    batch = h.get("class") == "B"
    dispatched, acked, t0 = (float(h.get(name, 0)) for name in ("dispatched", "acked", "t0"))
    played_ms = min(acked, now_ms - t0) if h.get("started") == "1" else 0.0
    heard_ms = acked if batch else float(h.get("heard", played_ms))
    waits = int(h.get("next", 0)) < n and not batch
    return LiveJobState(
        job, user_of(h.get("user", "")), "batch" if batch else "live", n, n - live, int(h.get("infl", 0)),
        ahead_s=round(max(0.0, dispatched - heard_ms) / 1000, 1),
        due_s=round((t0 + dispatched - now_ms) / 1000, 1) if waits else None,
    )  # fmt: skip


def _decoded(found: dict[bytes, bytes]) -> dict[str, str]:
    return {name.decode(): value.decode(errors="replace") for name, value in found.items()}


def as_json(lines: list[PoolState]) -> list[dict[str, Any]]:
    """The same for `--json`."""
    return [asdict(line) for line in lines]
