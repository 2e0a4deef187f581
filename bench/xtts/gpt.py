"""Codes a second of the GPT batch with 16 rows, against one row; both in turn, in blocks of steps.

One row is fast already, so the ratio says little about what is gained: beside it stands coqui-tts' own generation,
which has one row always, in blocks between ours.
"""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from bench.xtts.figures import Figure
from bench.xtts.subject import Subject
from workers.engines.xtts.batch.batch import Batch
from workers.engines.xtts.batch.batch_row import BatchRow, SamplingOptions

ROWS = 16
TARGETS = {torch.float32: 5.0, torch.bfloat16: 8.0}
NAMES = {torch.float32: "fp32", torch.bfloat16: "bf16"}
BLOCK = 6  #: steps
MOST = 500  #: codes of a sentence: more than are measured
NEVER = -1e4  #: the bias of a stop code that does not come: all rows are to speak all the time


@dataclass(frozen=True, slots=True)
class Rates:
    """Codes a second."""

    one: float
    many: float
    theirs: float  #: coqui-tts, one row, float32


def figures(subject: Subject, blocks: int) -> list[Figure]:
    """A line for each dtype, and what each is against the library."""
    found = []
    with no_end(subject):
        for dtype, target in TARGETS.items():
            rates = measured(subject, dtype, blocks)
            name = f"GPT codes/s, {ROWS} rows against 1, {NAMES[dtype]}"
            of = f"{rates.many:.1f} against {rates.one:.1f} codes/s"
            found.append(Figure.at_least(name, target, rates.many / rates.one, of))
            ratio = rates.many / rates.theirs
            against = f"{ratio:.2f}x (the library's, in fp32: {rates.theirs:.1f} codes/s)"
            found.append(Figure.shown("  against the library's one row", ratio, against))
    return found


@contextmanager
def no_end(subject: Subject) -> Iterator[None]:
    """The stop code does not come."""
    bias, stop = subject.model.gpt.mel_head.bias, subject.model.gpt.stop_audio_token
    before = bias[stop].item()
    with torch.no_grad():
        bias[stop] = NEVER
    try:
        yield
    finally:
        with torch.no_grad():
            bias[stop] = before


def measured(subject: Subject, dtype: torch.dtype, blocks: int) -> Rates:
    """The medians of blocks of steps; to be called where sentences have no end."""
    one, many, theirs = speaking(subject, 1, dtype), speaking(subject, ROWS, dtype), library(subject)
    rates = [(_block(one), _block(many), _library_block(theirs)) for _ in range(blocks)]
    return Rates(*(statistics.median(column) for column in zip(*rates, strict=True)))


def library(subject: Subject) -> Iterator[Any]:
    """Codes of one sentence as `Xtts.inference_stream` generates them, one by one; the first is out."""
    gpt, tokens = subject.model.gpt, subject.tokens(0)[None].to(subject.device)
    with torch.inference_mode():
        codes: Iterator[Any] = gpt.get_generator(
            fake_inputs=gpt.compute_embeddings(subject.voice["gpt_cond_latent"].to(subject.device), tokens),
            do_sample=True, top_k=50, top_p=0.85, temperature=0.75, repetition_penalty=10.0, length_penalty=1.0,
            num_return_sequences=1, num_beams=1, output_attentions=False, output_hidden_states=True,
            return_dict_in_generate=True, max_new_tokens=MOST,
        )  # fmt: skip
        next(codes)
    return codes


def _library_block(codes: Iterator[Any]) -> float:
    began_s = time.perf_counter()
    with torch.inference_mode():
        for _ in range(BLOCK):
            code, _latent = next(codes)
            code.item()  # waits for a GPU, too
    return BLOCK / (time.perf_counter() - began_s)


def speaking(subject: Subject, n_rows: int, dtype: torch.dtype) -> Batch:
    """A batch of which every row speaks."""
    batch = Batch(subject.model.gpt, n_rows, dtype=dtype, device=subject.device)
    batch.warm_up()
    rows = [
        BatchRow(subject.tokens(i), subject.voice["gpt_cond_latent"], SamplingOptions(), seed=i, max_codes=MOST)
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
