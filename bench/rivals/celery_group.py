"""Celery: a group that is joined. `join_native` is the faster one on Redis; either gives nothing before all is done."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import cast

from celery import group
from celery.result import GroupResult

from bench.broker import BenchBroker
from bench.measure import Contender, Piece, Speak, measured
from bench.rivals.celery_app import speak, workers
from bench.work import Work


@contextmanager
def _ready(work: Work, broker: BenchBroker) -> Iterator[Speak]:
    def run() -> Iterator[Piece]:
        sentences = group(speak.s(*work.request(seq)) for seq in range(work.sentences))
        return enumerate(cast("GroupResult", sentences.apply_async()).join_native())

    with workers(work, broker):
        yield run


measure = partial(measured, Contender(durable=True, ready=_ready))
