"""A held batch: workers that stop in the middle of their sentences until the test makes a file, the gate.

`python -m tests.xtts.held_batch GATE [ARGUMENT...]` is `python -m workers ARGUMENT...`, but that the model makes no
step while GATE is missing and each sentence has HELD_CODES codes or more of this attempt. So a sentence that began is
never over by itself, however late the test looks; one that comes into the place of another is spoken as far. The
warm-up sentence is not held: a worker that replaces another takes work.
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seriatim.process.forked_process import allow_forks
from workers import __main__ as workers
from workers.engines.xtts.batch.model_thread import ModelThread
from workers.engines.xtts.batch.sentence_take import SentenceTake
from workers.warm_up import WARM_UP

HELD_CODES = 40  #: 1.9 s of sound: more than the largest first piece, and far from the end of the tests' sentences
POLL_S = 0.01


def hold(gate: Path) -> None:
    """Hold the batches of all models that are loaded from now on, in this process and in those that it forks."""
    step = ModelThread._step

    def held_step(thread: ModelThread) -> Sequence[Any]:
        if all(_is_far(take) for take in thread._speaking.values()) and not gate.exists():
            time.sleep(POLL_S)
            return []  # the round goes on: sentences join and leave
        return step(thread)

    setattr(ModelThread, "_step", held_step)  # noqa: B010  # mypy forbids to assign a method


def _is_far(take: SentenceTake) -> bool:
    return take.order.text != WARM_UP and len(take.row.codes) - len(take.row.forced) >= HELD_CODES


if __name__ == "__main__":
    allow_forks()
    hold(Path(sys.argv[1]))
    sys.exit(workers.main(sys.argv[2:]))
