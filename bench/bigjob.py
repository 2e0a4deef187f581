"""`bigjob`, one of 10,000 sentences: memory of each process while it runs, and what Redis keeps of each sentence."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import psutil  # type: ignore[import-untyped]  # its wheel ships no types
from redis import Redis

from bench.broker import Profile, started
from bench.ours import request, system_on
from gateway.local.processes import LocalSystem, WorkerPlan
from seriatim.audio.pcm import ms_of_bytes
from seriatim.client.job import Job
from seriatim.client.producer import Producer
from seriatim.keys import audio_keys, job_keys, ordered_stream
from seriatim.records import Sentence
from seriatim.state.job_record import text_sizes

WINDOW_MS = 20_000
TEXT = "This is sentence {} of a book, and it is as long as most of them are, about a hundred characters long."


@dataclass(frozen=True, slots=True)
class BigJob:
    """What was seen."""

    sentences: int
    total_s: float
    enqueue_s: float
    producer_growth_mb: float  #: of this process, from before the job to the most during it
    reassembler_mb: float  #: the most
    reassembler_growth_mb: float  #: from its first tenth to the most
    bookkeeping_bytes: float  #: of each sentence, text apart, when all wait
    text_bytes: float  #: of each sentence's record
    audio_most_ms: float  #: the most audio that Redis held
    window_ms: int = WINDOW_MS


def measure(n: int = 10_000) -> BigJob:
    """Enqueue, read all of it, and watch."""
    with (
        started(Profile.NONE) as broker,
        system_on(broker, WorkerPlan("tone", 1, 4, "", ("ms_per_char=20",))) as system,
    ):
        producer, redis = Producer(system.settings), broker.connect()
        before_mb = _rss_mb(psutil.Process())
        start_s = time.perf_counter()
        submission = producer.begin(_sentences(n), request(window_ms=WINDOW_MS))
        submission.send_rest()
        enqueue_s = time.perf_counter() - start_s
        kept, text = _kept(redis, submission.job, n)
        watch = _Watch(system, redis, submission.job)
        for _ in submission.job.audio():
            pass
        watch.stop()
        total_s = time.perf_counter() - start_s
    return BigJob(
        n, total_s, enqueue_s, watch.producer_mb - before_mb, watch.reassembler_mb,
        watch.reassembler_mb - watch.reassembler_first_mb, kept, text, watch.audio_ms,
    )  # fmt: skip


def _sentences(n: int) -> Iterator[Sentence]:
    return (Sentence(TEXT.format(seq)) for seq in range(n))


def _kept(redis: "Redis", job: Job, n: int) -> tuple[float, float]:
    """(bookkeeping, text) in bytes a sentence, of all keys of the job, its text apart."""
    raw = sum(text_sizes(redis, job.pool, job.id))
    held = sum(redis.memory_usage(key, samples=0) or 0 for key in job_keys(job.pool, job.id))
    return (held - raw) / n, raw / n


def _rss_mb(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 1e6


class _Watch:
    """Looks every now and then, in a thread."""

    def __init__(self, system: LocalSystem, redis: "Redis", job: Job) -> None:
        self._me, self._reassembler = psutil.Process(), psutil.Process(system.children["reassembler"].pid)
        self._redis, self._job = redis, job
        self.producer_mb = self.reassembler_mb = self.reassembler_first_mb = self.audio_ms = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        looks = 0
        while not self._ended.wait(0.1):
            looks += 1
            self.producer_mb = max(self.producer_mb, _rss_mb(self._me))
            self.reassembler_mb = max(self.reassembler_mb, _rss_mb(self._reassembler))
            if looks == 10:
                self.reassembler_first_mb = self.reassembler_mb
            self.audio_ms = max(self.audio_ms, self._held_ms())

    def _held_ms(self) -> float:
        job = self._job.id
        keys = [ordered_stream(job).encode(), *self._redis.scan_iter(audio_keys(job), count=1000)]
        rows = [row for key in keys for row in cast("list[Any]", self._redis.xrange(key))]
        return ms_of_bytes(sum(len(fields.get(b"d", b"")) for _, fields in rows), 24_000)
