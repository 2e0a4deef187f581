"""Costs of a slot beside its engine: the gap between two of its sentences, and processor time by role."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # its wheel ships no types

from bench import ours
from bench.broker import BenchBroker, started
from bench.cpu_times import cpu_times_s
from bench.load.figures import quantile
from bench.speed.timed_engine import gaps_ms
from bench.work import Work
from gateway.local.processes import LocalSystem, WorkerPlan
from seriatim.client.producer import Producer

ROOT = Path(__file__).parents[2]
ENGINE = "bench.speed.timed_engine"  #: workers find it by the path of this repository


@dataclass(frozen=True, slots=True)
class SlotCosts:
    """Of the sentences of one job, in ms."""

    gap_p50_ms: float  #: between the last sound of a sentence and the beginning of the slot's next one
    gap_p99_ms: float
    processor_ms: dict[str, float]  #: of a sentence, by role; that of the engine is part of the worker's

    @property
    def all_ms(self) -> float:
        """The processor time of a sentence in all processes."""
        return sum(self.processor_ms.values())


def measure(work: Work) -> SlotCosts:
    """Speak a job in one process with a slot for each worker."""
    with started() as broker, _system(work, broker) as system:
        record, producer = broker.folder / "spoken", Producer(system.settings)
        _hear(producer, work, work.workers * 4)
        record.write_bytes(b"")  # the file stays the engine's, which appends
        before = _used_s(system, broker)
        _hear(producer, work, work.sentences)
        after = _used_s(system, broker)
        gaps = gaps_ms(record)
    processor = {role: 1000 * (after[role] - before[role]) / work.sentences for role in after}
    return SlotCosts(quantile(gaps, 0.5), quantile(gaps, 0.99), processor)


@contextmanager
def _system(work: Work, broker: BenchBroker) -> Iterator[LocalSystem]:
    options = (*ours.options_of(work), f"record={broker.folder / 'spoken'}")
    plan = WorkerPlan(ENGINE, 1, work.workers, "tone", options)
    with ours.system_on(broker, plan, environment={"PYTHONPATH": str(ROOT)}) as system:
        yield system


def _hear(producer: Producer, work: Work, n: int) -> None:
    for _ in producer.enqueue(ours.sentences(work, n), ours.request(pool="tone")).audio():
        pass


def _used_s(system: LocalSystem, broker: BenchBroker) -> dict[str, float]:
    """Seconds of processor time by role so far; the client is this process."""
    server = psutil.Process(broker.pid).cpu_times()
    return {**cpu_times_s(system), "redis": server.user + server.system}
