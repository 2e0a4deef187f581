"""Sequential speech, one sentence after another: what a program does that does not know of parallel work."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench.broker import BenchBroker
from bench.measure import Contender, Piece, Speak, measured
from bench.work import Work, speak


@contextmanager
def _ready(work: Work, _broker: BenchBroker) -> Iterator[Speak]:
    def run() -> Iterator[Piece]:
        return ((seq, speak(*work.request(seq))) for seq in range(work.sentences))

    yield run


measure = partial(measured, Contender(durable=False, ready=_ready))
