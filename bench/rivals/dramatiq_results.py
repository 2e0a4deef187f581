"""Dramatiq: a message for every sentence, then the results in order."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from dramatiq import Message
from dramatiq.results import ResultMissing

from bench.broker import BenchBroker
from bench.measure import Contender, Piece, Speak, measured
from bench.rivals.dramatiq_app import connected
from bench.rivals.process import running, wait_until_warm
from bench.work import Work

_WAIT_MS = 60_000  #: for one result; its default of 10 s would fail a queue that is long


@contextmanager
def _ready(work: Work, broker: BenchBroker) -> Iterator[Speak]:
    actor = connected(broker.url)
    # Processes rather than threads: an engine on a processor holds the interpreter lock, and Celery has processes too.
    arguments = ["dramatiq", "bench.rivals.dramatiq_worker", "--processes", str(work.workers), "--threads", "1"]
    env = os.environ | {"BENCH_RIVALS_DRAMATIQ_URL": broker.url}  # its import is the worker's, not ours

    def run() -> Iterator[Piece]:
        messages = [actor.send(*work.request(seq)) for seq in range(work.sentences)]
        return ((seq, message.get_result(block=True, timeout=_WAIT_MS)) for seq, message in enumerate(messages))

    with running("the dramatiq worker", arguments, broker.folder, env) as process:
        first = [actor.send(0, "", 0.05, 1000) for _ in range(4 * work.workers)]
        wait_until_warm(process, lambda: all(map(_is_done, first)))
        yield run


def _is_done(message: Message[bytes]) -> bool:
    try:
        message.get_result()
    except ResultMissing:
        return False
    return True


measure = partial(measured, Contender(durable=True, ready=_ready))
