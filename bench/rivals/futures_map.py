"""The ordered map of `concurrent.futures`, for threads and for processes."""

from collections.abc import Iterator
from concurrent.futures import Executor

from bench.measure import Piece
from bench.work import Work, speak


def warm(pool: Executor, workers: int) -> None:
    """Start all workers of `pool`, which it does not do before it has work for them."""
    for started in [pool.submit(speak, 0, "", 0.05, 1000) for _ in range(2 * workers)]:
        started.result()


def mapped(pool: Executor, work: Work) -> Iterator[Piece]:
    """Hand all sentences to `pool` now, and return an iterator over their audio in order."""
    return enumerate(pool.map(speak, *zip(*map(work.request, range(work.sentences)), strict=True)))
