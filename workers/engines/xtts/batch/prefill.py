"""Prefill: everything before a row's first new code is fed in few passes, not code by code.

On a CPU that is real work (2 ms a position on 2 cores, against 25 ms for a step of one row), and all rows that speak
wait for it. So a row is fed in pieces, with a step of the others between two. On a GPU a pass over many short rows
costs hardly more than one over the shortest, so there several rows are filled together.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from workers.engines.xtts.batch.batch_row import BatchRow
from workers.engines.xtts.model.embedding import TokenEmbedding, n_positions

#: Positions fed between two steps while rows speak. A CPU: the step that waits for it takes three codes' worth of
#: time longer (120 ms on 2 cores in float32), and pieces half as long would cost a sixth more. A GPU: one pass takes
#: about as long as a step up to some thousand positions (estimated, not measured), the beginnings of 30 rows.
POSITIONS = {"cpu": 64, "cuda": 4096}


@dataclass(slots=True)
class Prefill:
    """A row, and how far it is fed."""

    row: BatchRow
    x: Tensor  #: float32 [positions, D], all of its beginning behind its voice
    voice: int  #: positions of its voice, which are fed before
    n_latents: int  #: at its end, this many positions give latents
    ends: bool  #: its forced codes end it: no code is chosen
    fed: int = 0  #: positions of x so far
    hidden: list[Tensor] = field(default_factory=list)  #: float32 [n, D] each: of the positions that give latents

    def next(self, n: int) -> Tensor:
        """The next n positions, or fewer at the end."""
        return self.x[self.fed : self.fed + n]

    def feed(self, hidden: Tensor) -> None:
        """The next positions were fed: float32 [n, D]; those behind the row's end are ignored."""
        hidden = hidden[: len(self.x) - self.fed]
        skipped = max(0, len(self.x) - self.n_latents - self.fed)
        self.fed += hidden.shape[0]
        self.hidden.append(hidden[skipped:])

    @property
    def at(self) -> int:
        """Positions fed so far, the voice's included."""
        return self.voice + self.fed

    @property
    def whole(self) -> bool:
        return self.fed == len(self.x)


def start_prefill(row: BatchRow, embedding: TokenEmbedding, stop: int) -> Prefill:
    """Start with a row of which nothing but its voice is fed yet."""
    x = embedding.behind_voice(row, row.forced)
    return Prefill(row, x, int(row.conditioning.shape[1]), len(row.forced) + 1, ends_by_force(row, stop))


def ends_by_force(row: BatchRow, stop: int) -> bool:
    """Whether a row's forced codes are all that it will ever have."""
    return bool(row.forced) and (row.forced[-1] == stop or len(row.forced) >= row.max_codes)


def together(waiting: Iterable[BatchRow], positions: int, stop: int) -> list[BatchRow]:
    """Rows that are filled in one pass: the first, and those behind it that fit with it into so many positions.

    Rows of one pass are padded to its longest. A row that its forced codes end is filled alone: it needs no slot.
    """
    rows: list[BatchRow] = []
    longest = 0
    for row in waiting:
        longest = max(longest, _behind_voice(row))
        if rows and (longest * (len(rows) + 1) > positions or ends_by_force(row, stop)):
            break
        rows.append(row)
        if ends_by_force(row, stop):
            break
    return rows


def padded(group: list[Prefill], n: int) -> Tensor:
    """float32 [rows, n at most, D]: the next positions of some rows, zeros behind their ends."""
    return torch.nn.utils.rnn.pad_sequence([filling.next(n) for filling in group], batch_first=True)


def _behind_voice(row: BatchRow) -> int:
    return n_positions(row, len(row.forced)) - int(row.conditioning.shape[1])
