"""The metrics of the pools and of Redis, read from each server at each scrape, for Prometheus."""

import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.core import Metric as MetricFamily
from prometheus_client.registry import Collector
from redis import Redis

from gateway.http.metrics.gateway_metrics import GatewayMetrics
from gateway.http.metrics.metrics_table import METRICS, Metric
from gateway.http.routing.route_table import PoolPlace
from seriatim.lua.pool_scripts import signals
from seriatim.lua.script_calls import run_many
from seriatim.pool_metrics import PoolMetrics
from seriatim.reassembler_heartbeats import store_of_system
from seriatim.state.pool_record import PoolRecord, pool_names, read_marks, read_pools
from seriatim.state.pool_state import RedisState, redis_state
from seriatim.state.worker_record import WorkerProcessState, read_workers
from seriatim.webhooks.webhook_delivery import WebhookCounts, read_counts

NAMES_S = 30.0  #: a scrape sees a new pool so soon; looking through all keys costs too much for every one
SOON_S = 2.0  #: and a list that an operator asks for: it should have a new pool while the operator still looks
SHARE = 0.02  #: of the time that may go into looking: where there are very many keys, names are older
KINDS = {"live": "L", "batch": "B"}  #: of jobs, as counters name them

Samples = Iterable[tuple[tuple[str, ...], Any]]  #: values of the labels, and a number or cumulative buckets


@dataclass(slots=True, eq=False)
class PoolMetricsCollector:
    """The metrics of one server's pools, read at each scrape."""

    redis: "Redis"
    store_dir: str = "seriatim-store"
    configured: frozenset[str] = frozenset()  #: pools that the settings name, with workers or without
    names: list[str] = field(default_factory=list)
    named_s: float = float("-inf")
    cost_s: float = 0.0  #: of the last look

    def known(self, within_s: float = NAMES_S) -> list[str]:
        """The names of the pools as they were within so long, or within as long as keeps to SHARE.

        Raises:
            Unavailable: Redis does not answer.
        """
        began_s = time.monotonic()
        soon_s = within_s if self.names else min(within_s, SOON_S)  # a reader of an empty list waits for the first pool
        if began_s - self.named_s > max(soon_s, self.cost_s / SHARE):
            self.names, self.named_s = pool_names(self.redis, self.configured), began_s
            self.cost_s = time.monotonic() - began_s
        return self.names

    def snapshot(self) -> "Snapshot":
        """Everything about every pool, and about Redis.

        Raises:
            Unavailable: Redis does not answer.
        """
        return Snapshot.take(self.redis, self.known(), self.store_dir)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one scrape has read."""

    pools: list[PoolMetrics]
    records: list[PoolRecord]
    workers: list[list[WorkerProcessState]]  #: of each pool
    marks: list[dict[str, int]]  #: of each pool
    redis: RedisState
    disk: Any  #: shutil.disk_usage of the recordings' disk; None for a bucket
    webhooks: WebhookCounts

    @classmethod
    def take(cls, redis: "Redis", names: list[str], store_dir: str) -> "Snapshot":
        """Read everything.

        Raises:
            Unavailable: Redis does not answer.
        """
        records = read_pools(redis, names)
        place = store_of_system(redis, store_dir)
        disk = _disk_usage(place) if isinstance(place, Path) else None
        pools = run_many(redis, [signals(name) for name in names])
        return cls(
            pools, records, read_workers(redis, records), read_marks(redis, names), redis_state(redis), disk,
            read_counts(redis),
        )  # fmt: skip


Snapshots = Mapping[str, Snapshot | None]  #: by server; None: it does not answer


def _disk_usage(folder: Path) -> Any:
    """Size and free bytes of the disk of a folder, which may not be there yet."""
    place = folder.resolve()
    return shutil.disk_usage(next(path for path in (place, *place.parents) if path.exists()))


def exposition(meters: GatewayMetrics, snapshots: Snapshots) -> bytes:
    """Everything, in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_SnapshotCollector(snapshots))
    return generate_latest(meters.registry) + generate_latest(registry)


@dataclass(frozen=True, slots=True, eq=False)
class _SnapshotCollector(Collector):
    """A collector of Prometheus, of what one scrape has read."""

    snapshots: Snapshots

    def describe(self) -> Iterable[MetricFamily]:
        """Describe nothing: one registry has one scrape."""
        return ()

    def collect(self) -> Iterable[MetricFamily]:
        """Every metric that is not of this process alone."""
        return [_family(m, self.snapshots) for m in METRICS if m.source != "process"]


def _samples(m: Metric, snapshots: Snapshots) -> Samples:
    """The samples of all servers: a pool of another server than `main` is named as clients name it."""
    reader, _, of = m.source.partition(".")
    for server, snapshot in snapshots.items():
        if reader == "up":
            yield (server,), snapshot is not None
        elif snapshot is not None:
            for labels, value in READERS[reader](snapshot, of, m):
                if "pool" in m.labels:
                    yield (str(PoolPlace(labels[0], server)), *labels[1:]), value
                else:
                    yield (*labels, *[server] * (len(snapshots) > 1)), value


def _family(m: Metric, snapshots: Snapshots) -> MetricFamily:
    samples, name = _samples(m, snapshots), f"seriatim_{m.name}"
    if not m.labels and len(snapshots) > 1:  # of a server as a whole
        m = replace(m, labels=("server",))
    if m.type == "histogram":
        histogram = HistogramMetricFamily(name, m.help, labels=m.labels)
        for labels, buckets in samples:
            # There is no sum: times are counted in buckets alone, and slack may be below 0.
            histogram.add_metric(labels, buckets, sum_value=None)
            histogram.add_sample(f"{name}_count", dict(zip(m.labels, labels, strict=True)), buckets[-1][1])
        return histogram
    kind = CounterMetricFamily if m.type == "counter" else GaugeMetricFamily
    family = kind(name, m.help, labels=m.labels)
    for labels, value in samples:
        if value is not None:  # a gauge that this worker does not have
            family.add_metric(labels, float(value))
    return family


def _counted(snapshot: Snapshot, name: str, _: Metric) -> Samples:
    unit = 1000 if name.endswith("_ms") else 1
    return [((p.pool,), p.counts.get(name, 0) / unit) for p in snapshot.pools]


def _counted_by(snapshot: Snapshot, name: str, _: Metric) -> Samples:
    letters = {letter: kind for kind, letter in KINDS.items()}
    for p in snapshot.pools:
        for counter, n in sorted(p.counts.items()):
            if counter.startswith(f"{name}_"):
                label = counter.removeprefix(f"{name}_")
                yield (p.pool, letters.get(label, label)), n


def _bucketed(snapshot: Snapshot, name: str, m: Metric) -> Samples:
    counters = {(kind,): f"{name}_{letter}" for kind, letter in KINDS.items()} if "kind" in m.labels else {(): name}
    for p in snapshot.pools:
        for labels, counter in counters.items():
            yield (p.pool, *labels), list(_buckets(p.counts, counter, m.bounds_ms))


def _buckets(counts: Mapping[str, int], name: str, bounds_ms: Iterable[int]) -> Iterator[tuple[str, float]]:
    """Cumulative, as Prometheus wants them."""
    total = 0
    for bound in bounds_ms:
        total += counts.get(f"{name}:{bound}", 0)
        yield str(bound / 1000), float(total)
    yield "+Inf", float(total + counts.get(f"{name}:inf", 0))


def _of_workers(snapshot: Snapshot, name: str, _: Metric) -> Samples:
    for record, workers in zip(snapshot.records, snapshot.workers, strict=True):
        for worker in workers:
            yield (record.pool, worker.owner), getattr(worker, name)


#: how the samples of a metric are read, by the first word of its source
READERS: Mapping[str, Callable[[Snapshot, str, Metric], Samples]] = {
    "pool": lambda s, name, _: [((p.pool,), getattr(p, name)) for p in s.pools],  # of PoolMetrics
    "kinds": lambda s, name, _: [((p.pool, kind), getattr(p, f"{name}_{kind}")) for p in s.pools for kind in KINDS],
    "record": lambda s, name, _: [((r.pool,), getattr(r, name)) for r in s.records],  # of PoolRecord
    "worker": _of_workers,  # of WorkerProcessState
    "count": _counted,  # a counter of the pool's scripts
    "counts": _counted_by,  # counters with this beginning, the rest is the label
    "buckets": _bucketed,  # counters of a histogram
    "marks": lambda s, _, __: [
        ((r.pool, mark), n) for r, some in zip(s.records, s.marks, strict=True) for mark, n in some.items()
    ],
    "up": lambda _, __, ___: (),  # of every server, those that are away among them: `_samples` has it
    "redis": lambda s, name, _: [((), getattr(s.redis, name))],  # of RedisState
    "webhooks": lambda s, name, _: [((), getattr(s.webhooks, name))],  # of WebhookCounts
    "disk": lambda s, name, _: [((), getattr(s.disk, name, None))],  # None: a bucket has no disk
}
