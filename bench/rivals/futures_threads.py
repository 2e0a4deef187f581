"""The thread pool of `concurrent.futures` and its ordered map: the least that one machine can do."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

from bench.broker import BenchBroker
from bench.measure import Contender, Piece, Speak, measured
from bench.rivals.futures_map import mapped, warm
from bench.work import Work


@contextmanager
def _ready(work: Work, _broker: BenchBroker) -> Iterator[Speak]:
    with ThreadPoolExecutor(work.workers) as pool:
        warm(pool, work.workers)

        def run() -> Iterator[Piece]:
            return mapped(pool, work)

        yield run


measure = partial(measured, Contender(durable=False, ready=_ready))
