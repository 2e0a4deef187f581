"""Metrics of a gateway process and of the pools, for Prometheus (docs/reference/http.md has the table)."""

import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from redis import Redis

from gateway.http.playback_model import VIABLE_S, PlaybackModel
from seriatim.lua.pool_scripts import signals
from seriatim.lua.script_calls import run_many, translate_redis_errors
from seriatim.pool_metrics import LENGTH_BOUNDS_MS, SLACK_BOUNDS_MS, TIME_BOUNDS_MS, WAIT_BOUNDS_MS, PoolMetrics
from seriatim.reassembler_heartbeats import running_reassemblers, store_folder
from seriatim.state.pool_record import PoolRecord, pool_names, read_marks, read_pools
from seriatim.state.worker_record import WorkerProcessState, read_workers

TTFA_BOUNDS_S = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
NAMES_S = 30.0  #: a scrape sees a new pool so soon; looking through all keys costs too much for every one
SOON_S = 2.0  #: and somebody who asks for a list: a new pool should be seen while its operator still looks
SHARE = 0.02  #: of the time that may go into looking: where there are very many keys, names are older
#: metric, kind, attribute of `PoolMetrics`, meaning
GAUGES = (
    ("seriatim_slots", "slots", "sentences that may be spoken at once"),
    ("seriatim_in_flight", "in_flight", "sentences that are dispatched or spoken"),
    ("seriatim_waiting_sentences", "waiting", "sentences accepted and not in flight"),
    ("seriatim_jobs", "jobs", "jobs that are not over"),
    ("seriatim_demand_slots", "demand", "slots that live jobs need"),
    ("seriatim_room_slots", "room", "slots that live jobs may have"),
    ("seriatim_held_slots", "held", "slots kept for listeners whose sound is spoken and not yet heard"),
    ("seriatim_load", "load", "demand and held shares by room; above 1 nobody more is accepted"),
    ("seriatim_rtf", "rtf", "slot seconds per second of audio, of late"),
    ("seriatim_expected_back", "line", "refused, told when to come, and expected"),
    ("seriatim_returning_share", "returning", "share of those that came when they were told to"),
    ("seriatim_batch_share", "batch_share", "of its window that batch work may use"),
    ("seriatim_chunk_share", "chunk_share", "of the usual size of first pieces and chunks"),
    ("seriatim_refusing", "refusing", "1 while one more live job would be refused"),
)
#: metric, label, prefix of the counters that are its values, meaning
COUNTERS = (
    ("seriatim_accepted", "class", "accepted_", "jobs accepted"),
    ("seriatim_refused", "reason", "refused_", "jobs refused"),
    ("seriatim_ended", "state", "ended_", "jobs that ended"),
)
#: metric, name of its buckets, their bounds, meaning
SPEECH = (
    ("seriatim_synthesis_seconds", "synthesis", TIME_BOUNDS_MS, "from the start of a sentence's synthesis to its end"),
    (
        "seriatim_engine_first_seconds",
        "engine_first",
        TIME_BOUNDS_MS,
        "from the claim of a sentence to its first sound",
    ),
    ("seriatim_failed_length_seconds", "failed", LENGTH_BOUNDS_MS, "estimated length of sentences, at each failure"),
)
#: metric, attribute of `PoolRecord`, meaning
TALLIES = (
    ("seriatim_sentences_spoken", "done", "sentences spoken"),
    ("seriatim_retries", "retries", "attempts that came to nothing and were made again"),
    ("seriatim_fenced_attempts", "fenced", "attempts that went on when another had their sentence, and were refused"),
    ("seriatim_given_up", "given_up", "sentences given up"),
    ("seriatim_lost_messages", "lost_messages", "messages that no worker claimed in time"),
    ("seriatim_restarts", "restarts", "restarts of Redis that the pool has seen"),
)
#: metric, attribute of `WorkerProcessState`, meaning; of each worker process that has it
WORKERS = (
    ("seriatim_worker_memory_bytes", "memory_bytes", "of the machine's memory, held by the worker process"),
    ("seriatim_gpu_utilization_ratio", "gpu_utilization", "of the time its GPU was at work, for whomever"),
    ("seriatim_gpu_memory_used_ratio", "gpu_memory_used", "of its GPU's memory, by whomever it is used"),
    ("seriatim_gpu_memory_bytes", "gpu_memory_bytes", "of its GPU's memory, held by the worker process"),
    ("seriatim_worker_slots_lost", "slots_lost", "slots that a worker process gave up, as its device's memory ran out"),
)
#: metric, attribute of `WorkerProcessState`, meaning
WORKER_COUNTERS = (
    ("seriatim_worker_sentences", "spoken", "sentences that the worker process spoke"),
    ("seriatim_worker_busy_seconds", "busy_s", "slot seconds that the worker process spoke for"),
)


@dataclass(slots=True)
class GatewayMetrics:
    """Counts of this process."""

    target_s: float = 0.5  #: within which a live job's first sound should be heard
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    requests: Counter = field(init=False)
    streams: Gauge = field(init=False)
    ended: Counter = field(init=False)
    ttfa: Histogram = field(init=False)
    sound: Counter = field(init=False)
    silence: Counter = field(init=False)
    viable: Counter = field(init=False)

    def __post_init__(self) -> None:
        r = self.registry
        self.requests = Counter("seriatim_http_requests", "requests answered", ["route", "code"], registry=r)
        self.streams = Gauge("seriatim_http_streams", "streams of sound that are open", registry=r)
        self.ended = Counter("seriatim_http_streams_ended", "how streams of sound ended", ["how"], registry=r)
        self.ttfa = Histogram(
            "seriatim_http_ttfa_seconds", "request to first sound", ["pool"], buckets=TTFA_BOUNDS_S, registry=r
        )
        target = Gauge("seriatim_http_ttfa_target_seconds", "what first sounds should be within, 95 of 100", registry=r)
        target.set(self.target_s)
        self.sound = Counter("seriatim_http_sound_seconds", "sound given to listeners", registry=r)
        self.silence = Counter("seriatim_http_underrun_seconds", "time that players had nothing to play", registry=r)
        self.viable = Counter(
            "seriatim_http_streams_heard", "streams, by whether no silence was above 100 ms", ["c100"], registry=r
        )

    def played(self, sound_s: float, silent_s: float) -> None:
        """A stream gave sound, after a silence. Counted as it happens: a book's silence is not for tomorrow's graph."""
        self.sound.inc(sound_s)
        self.silence.inc(silent_s)

    def heard(self, playback: PlaybackModel) -> None:
        """A stream is over."""
        if playback.began_s is not None:
            self.viable.labels("yes" if playback.longest_s <= VIABLE_S else "no").inc()


@dataclass(slots=True, eq=False)
class PoolMetricsCollector(Collector):
    """What the pools say, asked when it is scraped."""

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
        soon_s = within_s if self.names else min(within_s, SOON_S)  # whoever sees none is waiting for the first
        if began_s - self.named_s > max(soon_s, self.cost_s / SHARE):
            self.names, self.named_s = pool_names(self.redis, self.configured), began_s
            self.cost_s = time.monotonic() - began_s
        return self.names

    def describe(self) -> Iterable[Metric]:
        """Nothing: to know its metrics before they are asked for would be asking."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Every metric of every pool, and of Redis.

        Raises:
            Unavailable: Redis does not answer.
        """
        self.known()
        found = run_many(self.redis, [signals(name) for name in self.names])
        yield from _gauges(found)
        yield from _counters(found)
        records = read_pools(self.redis, self.names)
        yield from _tallies(records)
        yield from _workers(records, read_workers(self.redis, records))
        yield from _marks(self.names, read_marks(self.redis, self.names))
        yield from _spreads(found)
        yield from _memory(self.redis)
        yield GaugeMetricFamily(
            "seriatim_reassemblers", "reassemblers that work", value=len(running_reassemblers(self.redis))
        )
        yield from _store(store_folder(self.redis, str(self.store_dir)))


def exposition(meters: GatewayMetrics, pools: PoolMetricsCollector) -> bytes:
    """Everything, in Prometheus' text format.

    Raises:
        Unavailable: Redis does not answer.
    """
    asked = CollectorRegistry(auto_describe=False)
    asked.register(pools)
    return generate_latest(meters.registry) + generate_latest(asked)


def _gauges(found: list[PoolMetrics]) -> Iterator[Metric]:
    for metric, attribute, meaning in GAUGES:
        family = GaugeMetricFamily(metric, meaning, labels=["pool"])
        for s in found:
            family.add_metric([s.pool], float(getattr(s, attribute)))
        yield family
    users = GaugeMetricFamily("seriatim_waiting_users", "users with a sentence to speak", labels=["pool", "class"])
    for s in found:
        users.add_metric([s.pool, "live"], s.users_live)
        users.add_metric([s.pool, "batch"], s.users_batch)
    yield users


def _counters(found: list[PoolMetrics]) -> Iterator[Metric]:
    for metric, label, prefix, meaning in COUNTERS:
        family = CounterMetricFamily(metric, meaning, labels=["pool", label])
        for s in found:
            for name, n in sorted(s.counts.items()):
                if name.startswith(prefix):
                    family.add_metric([s.pool, name.removeprefix(prefix)], n)
        yield family
    made_way = CounterMetricFamily("seriatim_made_way", "batch sentences that gave up their slot", labels=["pool"])
    for s in found:
        made_way.add_metric([s.pool], s.counts.get("made_way", 0))
    yield made_way
    for metric, name in (("seriatim_saved_seconds", "saved_ms"), ("seriatim_wasted_seconds", "wasted_ms")):
        family = CounterMetricFamily(metric, "audio never made, or made in vain", labels=["pool"])
        for s in found:
            family.add_metric([s.pool], s.counts.get(name, 0) / 1000)
        yield family


def _tallies(records: list[PoolRecord]) -> Iterator[Metric]:
    for metric, of, meaning in TALLIES:
        family = CounterMetricFamily(metric, meaning, labels=["pool"])
        for record in records:
            family.add_metric([record.pool], float(getattr(record, of)))
        yield family


def _workers(records: list[PoolRecord], workers: list[list[WorkerProcessState]]) -> Iterator[Metric]:
    rows = [(record.pool, worker) for record, some in zip(records, workers, strict=True) for worker in some]
    for kind, table in ((CounterMetricFamily, WORKER_COUNTERS), (GaugeMetricFamily, WORKERS)):
        for metric, of, meaning in table:
            family = kind(metric, meaning, labels=["pool", "worker"])
            for pool, worker in rows:
                if (value := getattr(worker, of)) is not None:
                    family.add_metric([pool, worker.owner], float(value))
            yield family


def _marks(names: list[str], marks: list[dict[str, int]]) -> Iterator[Metric]:
    """Doubts of engines about what they spoke, by their word."""
    meaning = "sentences that an engine had doubts about"
    family = CounterMetricFamily("seriatim_marked", meaning, labels=["pool", "mark"])
    for name, some in zip(names, marks, strict=True):
        for mark, n in some.items():
            family.add_metric([name, mark], float(n))
    yield family


def _spreads(found: list[PoolMetrics]) -> Iterator[Metric]:
    wait = HistogramMetricFamily(
        "seriatim_wait_seconds", "from dispatchable to claimed by a worker", labels=["pool", "class"]
    )
    slack = HistogramMetricFamily("seriatim_slack_seconds", "at the claim: until it is heard", labels=["pool"])
    for s in found:
        for label, name in (("live", "wait_L"), ("batch", "wait_B")):
            _spread(wait, {"pool": s.pool, "class": label}, _buckets(s, name, WAIT_BOUNDS_MS))
        _spread(slack, {"pool": s.pool}, _buckets(s, "slack", SLACK_BOUNDS_MS))
    yield wait
    yield slack
    for metric, name, bounds_ms, meaning in SPEECH:
        family = HistogramMetricFamily(metric, meaning, labels=["pool"])
        for s in found:
            _spread(family, {"pool": s.pool}, _buckets(s, name, bounds_ms))
        yield family


def _spread(family: HistogramMetricFamily, labels: dict[str, str], buckets: list[tuple[str, float]]) -> None:
    """Buckets and their count. There is no sum: times are counted in buckets alone, and slack may be below 0."""
    family.add_metric(list(labels.values()), buckets, sum_value=None)
    family.add_sample(f"{family.name}_count", labels, buckets[-1][1])


def _buckets(s: PoolMetrics, name: str, bounds_ms: Iterable[int]) -> list[tuple[str, float]]:
    """Cumulative, as Prometheus wants them."""
    rows, total = [], 0
    for bound in bounds_ms:
        total += s.counts.get(f"{name}:{bound}", 0)
        rows.append((str(bound / 1000), float(total)))
    return [*rows, ("+Inf", float(total + s.counts.get(f"{name}:inf", 0)))]


def _store(place: Path) -> Iterator[Metric]:
    """Of the disk with the recordings."""
    where = place.resolve()
    disk = shutil.disk_usage(next(path for path in (where, *where.parents) if path.exists()))
    yield GaugeMetricFamily("seriatim_store_free_bytes", "free on the disk of the recordings", value=float(disk.free))
    yield GaugeMetricFamily("seriatim_store_size_bytes", "size of that disk", value=float(disk.total))


def _memory(redis: "Redis") -> Iterator[Metric]:
    with translate_redis_errors():
        info = redis.info("memory")
    for metric, name in (("seriatim_redis_used_bytes", "used_memory"), ("seriatim_redis_most_bytes", "maxmemory")):
        yield GaugeMetricFamily(metric, f"Redis: {name}; 0 is no limit", value=float(info[name]))
