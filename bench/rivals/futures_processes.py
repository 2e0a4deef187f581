"""The process pool of `concurrent.futures` and its ordered map: for engines that hold the interpreter lock."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context

from bench.broker import BenchBroker
from bench.measure import Contender, Piece, Speak, measured
from bench.rivals.futures_map import mapped, warm
from bench.work import Work


@contextmanager
def _ready(work: Work, _broker: BenchBroker) -> Iterator[Speak]:
    # fork: its children share their parent's memory, which is to the rival's advantage; no thread runs here yet
    with ProcessPoolExecutor(work.workers, mp_context=get_context("fork")) as pool:
        warm(pool, work.workers)

        def run() -> Iterator[Piece]:
            return mapped(pool, work)

        yield run


measure = partial(measured, Contender(durable=False, ready=_ready))
