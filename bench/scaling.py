"""Scaling efficiency: how much of each slot more slots leave. One process, `tone` at a fixed cost a sentence."""

import time
from dataclasses import dataclass

from bench.broker import Profile, started
from bench.ours import request, system_on
from gateway.local.processes import WorkerPlan
from seriatim.client.producer import Producer
from seriatim.records import Sentence

COST_MS = 200.0  #: of a sentence: a short one on a GPU
SECONDS = 8.0  #: of ideal work in each run
WARM = 2  #: sentences a slot before the clock starts


@dataclass(frozen=True, slots=True)
class Scaling:
    """Sentences a second and slot, against one slot in the same run."""

    slots: int
    sentences_per_s: float
    efficiency: float  #: 1.0: each slot does what a single one does


def measure(slots: tuple[int, ...] = (1, 2, 4, 8)) -> list[Scaling]:
    """Run each number of slots, one after another."""
    rates = [(n, _rate(n)) for n in slots]
    single = rates[0][1] / rates[0][0]
    return [Scaling(n, rate, rate / n / single) for n, rate in rates]


def _rate(slots: int) -> float:
    n = round(SECONDS * 1000 / COST_MS) * slots
    options = (f"fixed_ms={COST_MS}", "ms_per_char=20")
    with started(Profile.NONE) as broker, system_on(broker, WorkerPlan("tone", 1, slots, "", options)) as system:
        producer = Producer(system.settings)
        _speak(producer, slots * WARM)
        start_s = time.perf_counter()
        _speak(producer, n)
        return n / (time.perf_counter() - start_s)


def _speak(producer: Producer, n: int) -> None:
    sentences = (Sentence(f"Sentence number {seq} of a text that is long enough.") for seq in range(n))
    for _ in producer.enqueue(sentences, request()).audio():
        pass
