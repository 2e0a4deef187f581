"""`seriatim status`: pools, workers and jobs as they stand, for people and as JSON."""

from dataclasses import asdict, dataclass
from typing import Any, cast

from redis import Redis
from rich.console import Console
from rich.table import Table

from seriatim.keys import PREFIX, pool_prefix
from tasks.handle import Status


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
    ahead_s: float  #: audio dispatched and not yet delivered


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
    workers: tuple[WorkerLine, ...]
    jobs: tuple[JobLine, ...]


def pools(redis: "Redis") -> list[PoolLine]:
    """All pools that have left a trace."""
    found = redis.scan_iter(f"{PREFIX}{{p:*}}:m", count=1000)
    names = sorted(key.decode().partition("{p:")[2].rpartition("}")[0] for key in found)
    lines = [_pool(redis, name) for name in names]
    return [line for line in lines if line.slots or line.workers or line.jobs or line.done]


def _pool(redis: "Redis", name: str) -> PoolLine:
    prefix = pool_prefix(name)
    m = _hash(redis, f"{prefix}:m")
    workers = [
        _worker(redis, prefix, owner.decode()) for owner in cast("list[bytes]", redis.zrange(f"{prefix}:wk", 0, -1))
    ]
    live = cast("list[bytes]", redis.zrange(f"{prefix}:act", 0, 99))
    return PoolLine(
        pool=name, slots=int(m.get("slots", 0)), in_flight=int(m.get("infl", 0)),
        demand=round(float(m.get("demand", 0)), 2), rtf=round(float(m.get("rtf", 0)), 3), done=int(m.get("done", 0)),
        refused=int(m.get("refused", 0)), retries=int(m.get("retries", 0)), given_up=int(m.get("given_up", 0)),
        workers=tuple(workers), jobs=tuple(_job(redis, prefix, job.decode()) for job in live),
    )  # fmt: skip


def _worker(redis: "Redis", prefix: str, owner: str) -> WorkerLine:
    w = _hash(redis, f"{prefix}:w:{owner}")
    busy = redis.hlen(f"{prefix}:run:{owner}")
    slots, spoken, ready_ms = (int(w.get(name, 0)) for name in ("slots", "spoken", "ready_ms"))
    return WorkerLine(owner, slots, busy, spoken, w.get("engine", ""), ready_ms)


def _job(redis: "Redis", prefix: str, job: str) -> JobLine:
    h = _hash(redis, f"{prefix}:j:{job}")
    n, live = int(h.get("n", 0)), int(h.get("live", 0))
    ahead_ms = float(h.get("dispatched", 0)) - float(h.get("acked", 0))
    kind = "batch" if h.get("class") == "B" else "live"
    return JobLine(job, h.get("user", ""), kind, n, n - live, int(h.get("infl", 0)), round(ahead_ms / 1000, 1))


def _hash(redis: "Redis", key: str) -> dict[str, str]:
    found = cast("dict[bytes, bytes]", redis.hgetall(key))
    return {name.decode(): value.decode(errors="replace") for name, value in found.items()}


def show_pools(console: Console, lines: list[PoolLine]) -> None:
    """Print pools, their workers and jobs."""
    if not lines:
        console.print("no pool yet: start a worker with  seriatim worker --engine NAME")
    for line in lines:
        console.print(
            f"[bold]pool {line.pool}[/]  {line.in_flight} of {line.slots} slots in flight, live demand {line.demand}, "
            f"RTF {line.rtf}, {line.done} sentences done, {line.refused} jobs refused, {line.retries} retries, "
            f"{line.given_up} given up"
        )
        if line.workers:
            console.print(_table(["worker", "slots", "busy", "spoken", "ready after ms"], [
                [w.owner, w.slots, w.busy, w.spoken, w.ready_ms] for w in line.workers
            ]))  # fmt: skip
        if line.jobs:
            console.print(_table(["job", "user", "kind", "sentences", "in flight", "seconds ahead"], [
                [j.job, j.user, j.kind, f"{j.done}/{j.sentences}", j.in_flight, j.ahead_s] for j in line.jobs
            ]))  # fmt: skip


def show_job(console: Console, status: Status) -> None:
    """Print one job."""
    reason = f": {status.reason}" if status.reason else ""
    more = "" if status.closed else ", more may come"
    console.print(
        f"job {status.job}  {status.state}{reason}\n"
        f"{status.emitted} of {status.sentences} sentences{more}, {status.audio_s:.1f} s of sound, "
        f"{status.delivered_ms / 1000:.1f} s of it delivered, {status.in_flight} in flight",
        highlight=False,
    )


def as_json(lines: list[PoolLine]) -> list[dict[str, Any]]:
    """The same for `--json`."""
    return [asdict(line) for line in lines]


def _table(head: list[str], rows: list[list[object]]) -> Table:
    table = Table(box=None, pad_edge=True)
    for name in head:
        table.add_column(name, no_wrap=True, overflow="fold")  # a job's id is there to be copied
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    return table
