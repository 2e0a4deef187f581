"""How many codes a second the batch makes with 16 rows, against one row; both in turn, in blocks of steps."""

import statistics
import time
from dataclasses import dataclass

import torch

from bench.xtts.figures import Figure
from bench.xtts.subject import Subject
from workers.engines.xtts.batch import Batch
from workers.engines.xtts.rows import Row, Sampling

ROWS = 16
WANTED = {torch.float32: 5.0, torch.bfloat16: 8.0}
NAMES = {torch.float32: "fp32", torch.bfloat16: "bf16"}
BLOCK = 6  #: steps
NEVER = -1e4  #: the bias of a stop code that does not come: all rows are to speak all the time


@dataclass(frozen=True, slots=True)
class Rates:
    """Codes a second."""

    one: float
    many: float


def figures(subject: Subject, blocks: int) -> list[Figure]:
    """A line for each dtype."""
    found = []
    for dtype, wanted in WANTED.items():
        rates = measured(subject, dtype, blocks)
        name = f"GPT codes/s, {ROWS} rows against 1, {NAMES[dtype]}"
        of = f"{rates.many:.1f} against {rates.one:.1f} codes/s"
        found.append(Figure.at_least(name, wanted, rates.many / rates.one, of))
    return found


def measured(subject: Subject, dtype: torch.dtype, blocks: int) -> Rates:
    """The medians of blocks of steps."""
    bias = subject.model.gpt.mel_head.bias
    stop = subject.model.gpt.stop_audio_token
    before = bias[stop].item()
    with torch.no_grad():
        bias[stop] = NEVER
    try:
        one, many = speaking(subject, 1, dtype), speaking(subject, ROWS, dtype)
    finally:
        with torch.no_grad():
            bias[stop] = before
    pairs = [(_block(one), _block(many)) for _ in range(blocks)]
    return Rates(statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs))


def speaking(subject: Subject, n_rows: int, dtype: torch.dtype) -> Batch:
    """A batch of which every row speaks."""
    batch = Batch(subject.model.gpt, n_rows, dtype=dtype, device=subject.device)
    batch.warm_up()
    rows = [
        Row(subject.tokens(i), subject.voice["gpt_cond_latent"], Sampling(), seed=i, max_codes=500)
        for i in range(n_rows)
    ]
    batch.join(rows)
    while not all(row.codes for row in rows):
        batch.step()
    return batch


def _block(batch: Batch) -> float:
    began_s = time.perf_counter()
    for _ in range(BLOCK):
        batch.step()
    return BLOCK * len(batch.rows) / (time.perf_counter() - began_s)
