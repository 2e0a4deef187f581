"""`seriatim status`: pools, workers and jobs as they stand. What people see of it is drawn in board.py."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

from redis import Redis

from seriatim.keys import PREFIX, pool_prefix
from seriatim.pool import signals
from seriatim.scripts import answered, run
from seriatim.signals import Signals, Spread

JOBS_SHOWN = 100  #: of a pool


@dataclass(frozen=True, slots=True)
class WorkerLine:
    """One worker process."""

    owner: str
    slots: int
    busy: int
    spoken: int
    engine: str
    ready_ms: int


@dataclass(frozen=True, slots=True)
class JobLine:
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
class PoolLine:
    """One pool."""

    pool: str
    slots: int
    in_flight: int
    demand: float  #: slots that live jobs need
    rtf: float
    done: int
    refused: int
    retries: int
    given_up: int
    waiting: int  #: sentences accepted and not in flight
    room: float  #: slots that live jobs may have
    load: float  #: demand / room
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
    workers: tuple[WorkerLine, ...]
    jobs: tuple[JobLine, ...]


def pools(redis: "Redis") -> list[PoolLine]:
    """All pools that have left a trace."""
    lines = [_pool(redis, name) for name in pool_names(redis)]
    return [line for line in lines if line.slots or line.workers or line.jobs or line.done]


def pool_names(redis: "Redis") -> list[str]:
    """The names of all pools that have left a trace, in order. Looks through all keys of the server."""
    with answered():
        found = list(redis.scan_iter(f"{PREFIX}{{p:*}}:m", count=1000))
    return sorted(key.decode().partition("{p:")[2].rpartition("}")[0] for key in found)


def _pool(redis: "Redis", name: str) -> PoolLine:
    prefix = pool_prefix(name)
    m = _hash(redis, f"{prefix}:m")
    workers = [
        _worker(redis, prefix, owner.decode()) for owner in cast("list[bytes]", redis.zrange(f"{prefix}:wk", 0, -1))
    ]
    live = cast("list[bytes]", redis.zrange(f"{prefix}:act", 0, JOBS_SHOWN - 1))
    now_ms = float(m.get("now", 0))
    s = run(redis, signals(name))
    return PoolLine(
        pool=name, slots=s.slots, in_flight=s.in_flight, demand=round(s.demand, 2), rtf=round(s.rtf, 3),
        done=int(m.get("done", 0)), refused=int(m.get("refused", 0)), retries=int(m.get("retries", 0)),
        given_up=int(m.get("given_up", 0)),
        **_of_late(s),
        workers=tuple(workers), jobs=tuple(_job(redis, prefix, job.decode(), now_ms) for job in live),
    )  # fmt: skip


def _of_late(s: Signals) -> dict[str, Any]:
    def at(spread: Spread, share: float) -> float | None:
        found = spread.quantile_ms(share)
        return None if found is None else round(found, 1)

    return {
        "waiting": s.waiting, "room": round(s.room, 2), "load": round(s.load, 3),
        "wait_p50_ms": at(s.wait_live, 0.5), "wait_p95_ms": at(s.wait_live, 0.95),
        "batch_wait_p95_ms": at(s.wait_batch, 0.95), "slack_p5_ms": at(s.slack, 0.05),
        "refused_lately": s.refused_lately, "refused_for": s.refused, "expected_back": s.line, "degraded": s.degraded,
        "saved_s": s.counts.get("saved_ms", 0) / 1000, "wasted_s": s.counts.get("wasted_ms", 0) / 1000,
    }  # fmt: skip


def _worker(redis: "Redis", prefix: str, owner: str) -> WorkerLine:
    w = _hash(redis, f"{prefix}:w:{owner}")
    busy = redis.hlen(f"{prefix}:run:{owner}")
    slots, spoken, ready_ms = (int(w.get(name, 0)) for name in ("slots", "spoken", "ready_ms"))
    return WorkerLine(owner, slots, busy, spoken, w.get("engine", ""), ready_ms)


def _job(redis: "Redis", prefix: str, job: str, now_ms: float) -> JobLine:
    h = _hash(redis, f"{prefix}:j:{job}")
    n, live = int(h.get("n", 0)), int(h.get("live", 0))
    batch = h.get("class") == "B"
    dispatched, acked, t0 = (float(h.get(name, 0)) for name in ("dispatched", "acked", "t0"))
    played_ms = min(acked, now_ms - t0) if h.get("started") == "1" else 0.0
    heard_ms = acked if batch else float(h.get("heard", played_ms))
    waits = int(h.get("next", 0)) < n and not batch
    return JobLine(
        job, h.get("user", ""), "batch" if batch else "live", n, n - live, int(h.get("infl", 0)),
        ahead_s=round(max(0.0, dispatched - heard_ms) / 1000, 1),
        due_s=round((t0 + dispatched - now_ms) / 1000, 1) if waits else None,
    )  # fmt: skip


def _hash(redis: "Redis", key: str) -> dict[str, str]:
    with answered():
        found = cast("dict[bytes, bytes]", redis.hgetall(key))
    return {name.decode(): value.decode(errors="replace") for name, value in found.items()}


def as_json(lines: list[PoolLine]) -> list[dict[str, Any]]:
    """The same for `--json`."""
    return [asdict(line) for line in lines]
