"""Metrics of a gateway process and of the pools, for Prometheus: one table, from which they are exported.

`docs/reference/metrics.md` is made from the table, and the dashboard and the alerts are compared with it. A new metric
is a row here and the place that counts it.
"""

import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.core import Metric as MetricFamily
from prometheus_client.registry import Collector
from redis import Redis

from gateway.http.playback_model import VIABLE_S, PlaybackModel
from seriatim.lua.pool_scripts import signals
from seriatim.lua.script_calls import run_many
from seriatim.pool_metrics import LENGTH_BOUNDS_MS, SLACK_BOUNDS_MS, TIME_BOUNDS_MS, WAIT_BOUNDS_MS, PoolMetrics
from seriatim.reassembler_heartbeats import store_folder
from seriatim.state.pool_record import PoolRecord, pool_names, read_marks, read_pools
from seriatim.state.pool_state import RedisState, redis_state
from seriatim.state.worker_record import WorkerProcessState, read_workers

FIRST_AUDIO_BOUNDS_MS = (50, 100, 200, 300, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000, 30_000)
NAMES_S = 30.0  #: a scrape sees a new pool so soon; looking through all keys costs too much for every one
SOON_S = 2.0  #: and a list that an operator asks for: it should have a new pool while the operator still looks
SHARE = 0.02  #: of the time that may go into looking: where there are very many keys, names are older
KINDS = {"live": "L", "batch": "B"}  #: of jobs, as counters name them

Samples = Iterable[tuple[tuple[str, ...], Any]]  #: values of the labels, and a number or cumulative buckets


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric, exported as `seriatim_<name>`; `source` is `<reader>.<attribute or counter>`, see READERS."""

    name: str  #: without the _total of a counter
    type: Literal["counter", "gauge", "histogram"]
    source: str
    help: str
    labels: tuple[str, ...] = ("pool",)
    bounds_ms: tuple[int, ...] = ()  #: of a histogram
    note: str = ""  #: what else the documentation says

    @property
    def exported_name(self) -> str:
        """The name as Prometheus and the documentation have it."""
        return f"seriatim_{self.name}" + "_total" * (self.type == "counter")


WORKER = ("pool", "worker")
METRICS = (
    Metric("http_requests", "counter", "process", "requests answered", ("route", "code")),
    Metric("http_streams", "gauge", "process", "streams of audio that are open", ()),
    Metric("http_streams_ended", "counter", "process", "streams of audio that ended", ("outcome",),
           note="of answers, and of each job of a WebSocket: done, left (the client), cancelled (the job was), failed, "
           "timed_out (the job), stalled, moved (this gateway ended)"),
    Metric("http_first_audio_seconds", "histogram", "process", "from a request to its first audio", ("pool",),
           FIRST_AUDIO_BOUNDS_MS,
           note="not of what is played when it is whole (`play`), nor of WebSockets, whose text comes in its own time; "
           "nor are the silence and the streams below"),
    Metric("http_first_audio_target_seconds", "gauge", "process", "what 95 of 100 first audios should be within", (),
           note="`SERIATIM_FIRST_AUDIO_MS`"),
    Metric("http_audio_seconds", "counter", "process", "audio sent to listeners", ()),
    Metric("http_underrun_seconds", "counter", "process", "time that players had nothing to play", (),
           note="players without a buffer"),
    Metric("http_streams_played", "counter", "process", "streams that ended, by whether they were continuous",
           ("continuous",), note="without a silence above 100 ms"),
    Metric("slots", "gauge", "pool.slots", "sentences that may be synthesized at once"),
    Metric("allowed_slots", "gauge", "pool.allowed", "slots that the governor lets the pool use",
           note="fewer than all while the engine's server limits its requests, or an operator does"),
    Metric("paused_seconds", "gauge", "pool.paused_s", "time for which nothing is dispatched",
           note="since the engine's server accepts nothing"),
    Metric("in_flight_sentences", "gauge", "pool.in_flight", "sentences that are dispatched or being synthesized"),
    Metric("waiting_sentences", "gauge", "pool.waiting", "sentences accepted and not in flight",
           note="the depth of the queue"),
    Metric("waiting_users", "gauge", "kinds.users", "users with a sentence that could be dispatched", ("pool", "kind")),
    Metric("jobs", "gauge", "pool.jobs", "jobs that are not over"),
    Metric("live_demand_slots", "gauge", "pool.demand", "slots that live jobs need", note="by the measured speed"),
    Metric("live_capacity_slots", "gauge", "pool.room", "slots that live jobs may have",
           note="`SERIATIM_LIVE_SLOT_SHARE` of all, less the batch reserve"),
    Metric("held_slots", "gauge", "pool.held", "slots kept for listeners whose audio is not played to its end",
           note="all of it is synthesized (decision 13)"),
    Metric("load_ratio", "gauge", "pool.load", "demand and held slots by the capacity for live jobs",
           note="towards 1 no further job is accepted"),
    Metric("cold_start", "gauge", "pool.cold_start", "1 while live requests wait for a first worker",
           note="with `SERIATIM_COLD_START_S`; and for 30 s after, so that a scaler sees it"),
    Metric("real_time_factor", "gauge", "pool.rtf", "slot seconds per second of audio",
           note="of the last 30 sentences or so"),
    Metric("waitlisted_jobs", "gauge", "pool.line", "refused jobs that were given a time and are expected"),
    Metric("waitlist_return_ratio", "gauge", "pool.returning", "share of waitlisted jobs that came at their time"),
    Metric("batch_window_ratio", "gauge", "pool.batch_share", "share of its window that batch work may use",
           note="the first step of degrading"),
    Metric("chunk_size_ratio", "gauge", "pool.chunk_share", "share of the usual size of first pieces and chunks",
           note="the second step"),
    Metric("refusing", "gauge", "pool.refusing", "1 while one more live job would be refused", note="the third step"),
    Metric("sentence_wait_seconds", "histogram", "buckets.wait", "from dispatchable to claimed by a worker",
           ("pool", "kind"), WAIT_BOUNDS_MS),
    Metric("sentence_slack_seconds", "histogram", "buckets.slack", "time until playback reaches a claimed sentence",
           bounds_ms=SLACK_BOUNDS_MS,
           note="below 0 it is late; of a postponed one at its first claim alone; not of files that are played when "
                "they are whole"),
    Metric("synthesis_seconds", "histogram", "buckets.synthesis", "from the start of a sentence's synthesis to its end",
           bounds_ms=TIME_BOUNDS_MS),
    Metric("engine_first_audio_seconds", "histogram", "buckets.engine_first",
           "from the claim of a sentence to its first audio", bounds_ms=TIME_BOUNDS_MS),
    Metric("failed_sentence_seconds", "histogram", "buckets.failed", "estimated length of a sentence, at each failure",
           bounds_ms=LENGTH_BOUNDS_MS, note="that is blamed on it; long sentences that fail are an engine's limit"),
    Metric("jobs_accepted", "counter", "counts.accepted", "jobs accepted", ("pool", "kind")),
    Metric("jobs_refused", "counter", "counts.refused", "jobs refused", ("pool", "reason"),
           note="busy, too_large, memory, no_workers, or the limit that was reached, such as cap_jobs"),
    Metric("jobs_ended", "counter", "counts.ended", "jobs that ended", ("pool", "state"),
           note="spoken, cancelled, failed, timed_out"),
    Metric("saved_audio_seconds", "counter", "count.saved_ms", "audio never synthesized, of jobs that ended early"),
    Metric("wasted_audio_seconds", "counter", "count.wasted_ms", "audio synthesized in vain",
           note="by attempts that were lost, or not played when the job ended early; what an attempt had made is taken "
           "from its time and the measured speed"),
    Metric("sentences_spoken", "counter", "record.done", "sentences synthesized"),
    Metric("retries", "counter", "record.retries", "attempts that failed or were lost and were made again"),
    Metric("fenced_attempts", "counter", "record.fenced", "attempts refused because another had their sentence",
           note="their process had stood still, or was cut off, for longer than its lease"),
    Metric("dead_letter_sentences", "counter", "record.given_up", "sentences that went to the dead-letter list"),
    Metric("postponed_sentences", "counter", "counts.postponed", "attempts postponed because the engine was busy",
           ("pool", "scope"), note="concurrency, rate, system; nothing is blamed"),
    Metric("lost_messages", "counter", "record.lost_messages", "messages that no worker claimed in time"),
    Metric("redis_restarts", "counter", "record.restarts", "restarts of Redis that the pool has seen"),
    Metric("handed_over_sentences", "counter", "count.handed_over",
           "live sentences that showed no sound, and were spoken by another process as well"),
    Metric("preempted_sentences", "counter", "count.made_way", "batch sentences that gave up their slot to a live one"),
    Metric("marked_sentences", "counter", "marks", "sentences that an engine had doubts about", ("pool", "mark"),
           note="it cut them, or synthesized them again; `another_take`: it continued what a worker with another "
           "fingerprint had begun"),
    Metric("worker_sentences", "counter", "worker.sentences", "sentences that the worker process synthesized", WORKER),
    Metric("worker_cache_hits", "counter", "worker.cache_hits", "sentences that came from its cache", WORKER,
           note="`SERIATIM_CACHE`"),
    Metric("worker_busy_seconds", "counter", "worker.busy_s", "slot seconds that the worker process was busy", WORKER),
    Metric("worker_slots_lost", "gauge", "worker.slots_lost",
           "slots that a worker process gave up as its device's memory ran out", WORKER),
    Metric("worker_audio_differs", "gauge", "worker.audio_differs",
           "1 if the audio of the worker process differs from that of its pool", WORKER,
           note="another kind of CPU, or another version: what it continues is marked"),
    Metric("worker_memory_bytes", "gauge", "worker.memory_bytes", "main memory held by the worker process", WORKER,
           note="on Linux"),
    Metric("gpu_utilization_ratio", "gauge", "worker.gpu_utilization", "share of time that its GPU was busy", WORKER,
           note="by any process; where the process is on one, with `nvidia-ml-py`"),
    Metric("gpu_memory_used_ratio", "gauge", "worker.gpu_memory_used", "share of its GPU's memory in use", WORKER,
           note="by any process; with `nvidia-ml-py`, or an engine that reports it"),
    Metric("gpu_memory_bytes", "gauge", "worker.gpu_memory_bytes", "GPU memory held by the worker process", WORKER,
           note="where its engine reports it"),
    Metric("reassemblers", "gauge", "redis.reassemblers", "reassemblers that work", ()),
    Metric("store_free_bytes", "gauge", "disk.free", "free on the disk of the recordings", (),
           note="`SERIATIM_STORE_DIR`"),
    Metric("store_size_bytes", "gauge", "disk.total", "size of the disk of the recordings", ()),
    Metric("redis_memory_used_bytes", "gauge", "redis.used_bytes", "memory that Redis holds", ()),
    Metric("redis_memory_max_bytes", "gauge", "redis.most_bytes", "maxmemory of Redis", (), note="0 is no limit"),
)  # fmt: skip


def metrics_table() -> str:
    """The table in Markdown, for docs/reference/metrics.md."""
    rows = ["| metric | type | labels | meaning |", "|---|---|---|---|"]
    for m in METRICS:
        meaning = f"{m.help}; {m.note}" if m.note else m.help
        rows.append(f"| `{m.exported_name}` | {m.type} | {', '.join(m.labels)} | {meaning} |")
    return "\n".join(rows) + "\n"


class GatewayMetrics:
    """Metrics of this process, those with the source `process`."""

    def __init__(self, target_s: float = 0.5) -> None:
        self.registry = CollectorRegistry()
        kinds: Mapping[str, Any] = {"counter": Counter, "gauge": Gauge, "histogram": Histogram}
        self._of = {
            m.name: kinds[m.type](
                f"seriatim_{m.name}", m.help, m.labels, registry=self.registry,
                **({"buckets": [bound / 1000 for bound in m.bounds_ms]} if m.bounds_ms else {}),
            )
            for m in METRICS
            if m.source == "process"
        }  # fmt: skip
        self["http_first_audio_target_seconds"].set(target_s)

    def __getitem__(self, name: str) -> Any:
        """Return the prometheus_client metric of a row of the table."""
        return self._of[name]

    def played(self, sound_s: float, silent_s: float) -> None:
        """Count audio that was sent, and the silence before it; at once, since a book takes hours."""
        self["http_audio_seconds"].inc(sound_s)
        self["http_underrun_seconds"].inc(silent_s)

    def count_played(self, playback: PlaybackModel) -> None:
        """Count a stream that is over."""
        if playback.began_s is not None:
            self["http_streams_played"].labels("yes" if playback.longest_s <= VIABLE_S else "no").inc()


@dataclass(slots=True, eq=False)
class PoolMetricsCollector(Collector):
    """The metrics of the pools, read at each scrape."""

    redis: "Redis"
    store_dir: Path = Path("seriatim-store")
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

    def describe(self) -> Iterable[MetricFamily]:
        """Describe nothing: the names of the metrics come from the pools, which only a scrape reads."""
        return ()

    def collect(self) -> Iterable[MetricFamily]:
        """Every metric of every pool, and of Redis.

        Raises:
            Unavailable: Redis does not answer.
        """
        self.known()
        snapshot = Snapshot.take(self.redis, self.names, self.store_dir)
        return [_family(m, snapshot) for m in METRICS if m.source != "process"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one scrape has read."""

    pools: list[PoolMetrics]
    records: list[PoolRecord]
    workers: list[list[WorkerProcessState]]  #: of each pool
    marks: list[dict[str, int]]  #: of each pool
    redis: RedisState
    disk: Any  #: shutil.disk_usage of the recordings' disk

    @classmethod
    def take(cls, redis: "Redis", names: list[str], store_dir: Path) -> "Snapshot":
        """Read everything.

        Raises:
            Unavailable: Redis does not answer.
        """
        records = read_pools(redis, names)
        place = store_folder(redis, str(store_dir)).resolve()
        disk = shutil.disk_usage(next(path for path in (place, *place.parents) if path.exists()))
        pools = run_many(redis, [signals(name) for name in names])
        return cls(pools, records, read_workers(redis, records), read_marks(redis, names), redis_state(redis), disk)


def exposition(meters: GatewayMetrics, pools: PoolMetricsCollector) -> bytes:
    """Everything, in Prometheus' text format.

    Raises:
        Unavailable: Redis does not answer.
    """
    pool_registry = CollectorRegistry(auto_describe=False)
    pool_registry.register(pools)
    return generate_latest(meters.registry) + generate_latest(pool_registry)


def _family(m: Metric, snapshot: Snapshot) -> MetricFamily:
    reader, _, of = m.source.partition(".")
    samples = READERS[reader](snapshot, of, m)
    name = f"seriatim_{m.name}"
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
    "redis": lambda s, name, _: [((), getattr(s.redis, name))],  # of RedisState
    "disk": lambda s, name, _: [((), getattr(s.disk, name))],
}
