"""Celery: `delay` for every sentence, then `get` in order, as most programs that want order do it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench.broker import BenchBroker
from bench.measure import Contender, Piece, Speak, measured
from bench.rivals.celery_app import speak, workers
from bench.work import Work


@contextmanager
def _ready(work: Work, broker: BenchBroker) -> Iterator[Speak]:
    def run() -> Iterator[Piece]:
        results = [speak.delay(*work.request(seq)) for seq in range(work.sentences)]
        results.reverse()  # popped from its end: audio that was heard is not kept
        for seq in range(work.sentences):
            result = results.pop()
            yield seq, result.get()
            result.forget()  # or its audio stays in Redis until it expires

    with workers(work, broker):
        yield run


measure = partial(measured, Contender(durable=True, ready=_ready))
