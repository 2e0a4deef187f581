"""Celery: a chord, whose callback gets all sentences in order and hands them back whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from celery import chord

from bench.broker import BenchBroker
from bench.measure import Contender, Piece, Speak, measured
from bench.rivals.celery_app import gather, speak, workers
from bench.work import Work


@contextmanager
def _ready(work: Work, broker: BenchBroker) -> Iterator[Speak]:
    def run() -> Iterator[Piece]:
        header = [speak.s(*work.request(seq)) for seq in range(work.sentences)]
        return enumerate(chord(header)(gather.s()).get())

    with workers(work, broker):
        yield run


measure = partial(measured, Contender(durable=True, ready=_ready))
