"""Latency of the first audio, beyond what the engine alone would need: single sentences, one after another."""

import statistics
import time
from dataclasses import dataclass
from itertools import cycle, islice

from bench.broker import Profile, started
from bench.ours import WORDS, request, system_on
from gateway.local.processes import WorkerPlan
from seriatim.client.producer import Producer
from seriatim.engine import Utterance
from seriatim.stream_entries import Audio
from workers.engines.engine_registry import load
from workers.trim_and_fade import TrimFadeFilter

JOBS = 200
START_MS = 30  #: what the engine takes before its first sound
OPTIONS = (f"start_ms={START_MS}",)
TEXT = "A sentence to be heard at once."
#: of jobs that follow one another: what a producer keeps of the last texts, such as their language, helps none of them
TEXTS = tuple(f"A sentence of {word} to be heard at once." for word in WORDS)


@dataclass(frozen=True, slots=True)
class Latency:
    """First audio at the reader, less the engine's own time to it."""

    redis_log: str
    engine_ms: float  #: median, of the engine alone
    p50_ms: float
    p99_ms: float


def measure(profile: Profile, jobs: int = JOBS) -> Latency:
    """Enqueue, hear the first chunk, hear the rest; many times."""
    alone_ms = _alone()
    with started(profile) as broker, system_on(broker, WorkerPlan("tone", 1, 1, "", OPTIONS)) as system:
        producer = Producer(system.settings)
        for text in islice(cycle(TEXTS), 20):
            _first_ms(producer, text)
        later = sorted(_first_ms(producer, text) - alone_ms for text in islice(cycle(TEXTS), jobs))
    return Latency(profile.value, alone_ms, statistics.median(later), later[round(jobs * 0.99) - 1])


def _first_ms(producer: Producer, text: str) -> float:
    start_s = time.perf_counter()
    first_s = 0.0
    for entry in producer.enqueue(text, request(kind="live")).audio():
        if isinstance(entry, Audio) and not first_s:
            first_s = time.perf_counter() - start_s
    return first_s * 1000


def _alone() -> float:
    engine = load("tone", dict(option.split("=") for option in OPTIONS))
    times = []
    for _ in range(50):
        edges, start_s = TrimFadeFilter(engine.rate_hz, 0), time.perf_counter()
        for chunk in engine.speak(Utterance(TEXT), lambda: False):
            if edges.feed(chunk.pcm):
                break
        times.append((time.perf_counter() - start_s) * 1000)
    return statistics.median(times)
