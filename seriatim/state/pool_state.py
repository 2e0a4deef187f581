"""The state of a pool as people see it, in `seriatim status`: its record, its metrics, its workers and its jobs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from redis import Redis

from seriatim.keys import pool_prefix
from seriatim.lua.pool_scripts import signals
from seriatim.lua.script_calls import run_many, translate_redis_errors
from seriatim.pool_metrics import PoolMetrics, TimeHistogram
from seriatim.reassembler_heartbeats import running_reassemblers
from seriatim.servers.cluster_client import nodes_of
from seriatim.state.job_record import LiveJobState, read_jobs
from seriatim.state.pool_record import PoolRecord, pool_names, read_pools
from seriatim.state.worker_record import WorkerProcessState, read_workers

JOBS_SHOWN = 100  #: of a pool
COUNTS = ("done", "refused", "retries", "fenced", "given_up", "lost_messages", "restarts")  #: as PoolRecord has them


@dataclass(frozen=True, slots=True)
class PoolState:
    """One pool."""

    pool: str
    slots: int
    allowed: int  #: slots that the governor lets it use
    paused_s: float  #: nothing is dispatched for so long: the engine's server accepts nothing
    postponed: Mapping[str, int]  #: attempts, by the limit that the engine's server had reached
    requests: int  #: attempts that workers began: each is a request to the engine
    characters: int  #: of the sentences of these: what a provider charges
    route_characters: Mapping[str, int]  #: of these, what other engines of a route than the first spoke, by name
    requests_lately: int  #: a minute, in the last one to two minutes
    characters_lately: int  #: likewise
    requests_minute: int  #: that an operator allows; 0: any number
    characters_minute: int  #: likewise
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
    load: float  #: (demand + held) * lateness / room
    lateness: float  #: above 1 live sentences are claimed late, and admission counts with so much more demand
    wait_p50_ms: float | None  #: of live sentences, from dispatchable to claimed, in the last one to two minutes
    wait_p95_ms: float | None
    batch_wait_p95_ms: float | None
    slack_p5_ms: float | None  #: 19 of 20 sentences are claimed earlier than this before they are heard
    refused_lately: int  #: in the last one to two minutes
    refused_for: Mapping[str, int]
    expected_back: int  #: refused, and expected to retry
    degraded: tuple[str, ...]
    saved_s: float  #: audio never made, of jobs that ended early
    wasted_s: float  #: audio made in vain
    processes_added: int  #: by supervisors, for a higher load
    processes_drained: int  #: by supervisors, in quiet times
    workers: tuple[WorkerProcessState, ...]
    jobs: tuple[LiveJobState, ...]


@dataclass(frozen=True, slots=True)
class RedisState:
    """The Redis server that all pools are on, or the masters of its cluster together."""

    used_bytes: int
    most_bytes: int  #: maxmemory; 0 is no limit, of one of them at least
    reassemblers: int


def redis_state(redis: "Redis") -> RedisState:
    """How full Redis is, and who works beside the pools.

    Raises:
        Unavailable: it does not answer.
    """
    with translate_redis_errors():
        memories = [server.info("memory") for server in nodes_of(redis)]
    used, most = ([int(memory[name]) for memory in memories] for name in ("used_memory", "maxmemory"))
    return RedisState(sum(used), sum(most) if all(most) else 0, len(running_reassemblers(redis)))


def pool_states(redis: "Redis") -> list[PoolState]:
    """All pools that have left a trace.

    Raises:
        Unavailable: Redis does not answer.
    """
    records = read_pools(redis, pool_names(redis))
    metrics = run_many(redis, [signals(record.pool) for record in records])
    workers = read_workers(redis, records)
    lines = [_pool(redis, *of) for of in zip(records, metrics, workers, strict=True)]
    return [line for line in lines if line.slots or line.workers or line.jobs or line.done]


def _pool(redis: "Redis", record: PoolRecord, s: PoolMetrics, workers: list[WorkerProcessState]) -> PoolState:
    """One pool, in two more round trips however many jobs there are: a person may look from far away."""
    prefix = pool_prefix(record.pool)
    pipe = redis.pipeline(transaction=False)
    pipe.zrange(f"{prefix}:act", 0, JOBS_SHOWN - 1)
    pipe.hlen(f"{prefix}:dead")
    with translate_redis_errors():
        live, dead = pipe.execute()
    found = read_jobs(redis, record.pool, [job.decode() for job in live]).values()
    jobs = sorted((LiveJobState.of(job, record.now_ms) for job in found), key=_runs_dry)
    counts: dict[str, Any] = {name: getattr(record, name) for name in COUNTS}
    return PoolState(
        pool=record.pool, slots=s.slots, allowed=s.allowed, paused_s=s.paused_s, postponed=s.postponed,
        requests=s.counts.get("engine_requests", 0), characters=s.counts.get("engine_characters", 0),
        route_characters=s.route_characters, requests_lately=s.requests_lately, characters_lately=s.characters_lately,
        requests_minute=s.requests_minute, characters_minute=s.characters_minute,
        in_flight=s.in_flight, demand=round(s.demand, 2), held=round(s.held, 2),
        rtf=round(s.rtf, 3), dead=dead, n_jobs=s.jobs,
        **counts,
        **_of_late(s),
        workers=tuple(workers), jobs=tuple(jobs),
    )  # fmt: skip


def _runs_dry(job: LiveJobState) -> tuple[bool, float]:
    """The order of jobs: those first whose listeners run dry first."""
    return job.due_s is None, job.due_s or 0.0


def _of_late(s: PoolMetrics) -> dict[str, Any]:
    def at(spread: TimeHistogram, share: float) -> float | None:
        found = spread.quantile_ms(share)
        return None if found is None else round(found, 1)

    return {
        "waiting": s.waiting, "room": round(s.room, 2), "load": round(s.load, 3), "lateness": round(s.lateness, 2),
        "wait_p50_ms": at(s.wait_live, 0.5), "wait_p95_ms": at(s.wait_live, 0.95),
        "batch_wait_p95_ms": at(s.wait_batch, 0.95), "slack_p5_ms": at(s.slack, 0.05),
        "refused_lately": s.refused_lately, "refused_for": s.refused, "expected_back": s.line, "degraded": s.degraded,
        "saved_s": s.counts.get("saved_ms", 0) / 1000, "wasted_s": s.counts.get("wasted_ms", 0) / 1000,
        **{name: s.counts.get(name, 0) for name in ("processes_added", "processes_drained")},
    }  # fmt: skip


def as_json(lines: list[PoolState]) -> list[dict[str, Any]]:
    """The same for `--json`."""
    return [asdict(line) for line in lines]
