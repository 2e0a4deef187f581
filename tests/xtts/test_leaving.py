"""Leaving the batch: a cancelled sentence goes between two steps."""

import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from seriatim.engine import Utterance
from tests.support.process_system import wait_until
from tests.xtts import tiny_checkpoint
from tests.xtts.xtts_systems import Setup
from workers.engines.xtts.batch.batch_row import BatchRow
from workers.engines.xtts.engine import XttsEngine, load

pytestmark = pytest.mark.thorough

HELD_CODES = 300  #: of the 602 that a sentence may have


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[XttsEngine]:
    """Three slots, and a model that never stops by itself: 28 s of sound for any text."""
    folder = tiny_checkpoint.build(tmp_path / "model", tiny_checkpoint.Shape(stop_bias=-30.0))
    made = load(Setup(folder, tmp_path / "voices").arguments | {"slots": "3"})
    yield made
    made.close()


def test_within_one_round_of_being_dropped(engine: XttsEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three that speak, one after the other; the round that is being made may still give it a code."""
    left: dict[int, tuple[int, int]] = {}  # by seed: the round, and the codes it had
    loop: Any = engine._loop
    leave, step = loop.batch.leave, loop.batch.step

    def noted(row: BatchRow) -> None:
        left[row.seed] = loop.rounds, len(row.codes)
        leave(row)

    def held() -> Any:
        if any(len(row.codes) >= HELD_CODES for row in loop.batch.rows):
            time.sleep(0.001)  # a round without a step: no row comes to its end, however late this test looks
            return []
        return step()

    monkeypatch.setattr(loop.batch, "leave", noted)
    monkeypatch.setattr(loop.batch, "step", held)
    orders = [engine._order(Utterance("one two three four five six seven.", seed=seed)) for seed in range(3)]
    for order in orders:
        loop.order(order)

    def all_speak() -> bool:
        n_codes = [len(row.codes) for row in loop.batch.rows]  # those that are in the batch by now
        return len(loop._speaking) == len(n_codes) == 3 and min(n_codes) > 20

    wait_until(all_speak)
    rows = {row.seed: row for row in loop.batch.rows}
    for order in orders:
        order.dropped.set()
        rounds, n_codes = loop.rounds, len(rows[order.seed].codes)
        wait_until(partial(left.get, order.seed))
        assert left[order.seed][0] <= rounds + 1
        assert left[order.seed][1] <= n_codes + 1
    wait_until(lambda: not loop.batch.rows)


def test_a_thread_that_notices_it_ends_without_another_piece(engine: XttsEngine) -> None:
    cancelled = threading.Event()
    pieces = engine.speak(Utterance("one two three four five six seven."), cancelled.is_set)
    next(piece for piece in pieces if piece.pcm)
    cancelled.set()
    assert list(pieces) == []
    wait_until(lambda: not engine._loop.batch.rows)
