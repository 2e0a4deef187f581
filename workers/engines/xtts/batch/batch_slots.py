"""Slots of the batch: what the device knows of each, and the one step that all rows make together.

Rows that speak are in slots 0 to n - 1, so a step reads views of the first n. Its shape is its width (slots computed)
and its length (positions read). Exact shapes are least work, and what a CPU gets. A GPU wants few shapes, so that each
can be recorded as a graph: a wider and longer step than needed gives the same, because slots without a row are
computed and ignored, and positions that no row has reached are masked. The step is one function either way.

Nothing of a slot changes before everything that could fail is done, so a failed step can be made again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from workers.engines.xtts.batch.batch_row import SamplingOptions
from workers.engines.xtts.batch.voice_positions import VoicePositions
from workers.engines.xtts.model.embedding import TokenEmbedding
from workers.engines.xtts.model.linear import linear
from workers.engines.xtts.model.sampling import PREFIX_ID, SamplingNoise, SamplingRules, chosen, ranked, scored
from workers.engines.xtts.model.transformer import LayerNorm, Transformer
from workers.engines.xtts.quality.rounding_check import doubtful

BROKEN = -1  #: in place of a code: the scores were no numbers


@dataclass(frozen=True, slots=True)
class StepResult:
    """What came of a step."""

    tokens: Tensor  #: long [2, rows]: each row's code or BROKEN, and 1 where the choice is doubtful
    latents: Tensor  #: float32 [rows, D], what each code was chosen from


@dataclass(frozen=True, slots=True)
class BatchSize:
    """How much a batch holds."""

    slots: int
    positions: int  #: of each row


class BatchSlots:
    """The model, the cache, and a few numbers per slot."""

    def __init__(self, gpt: Any, size: BatchSize, dtype: torch.dtype, device: torch.device, *, watch: bool) -> None:
        slots, codes = size.slots, int(gpt.num_audio_tokens)
        self._watch, self._start = watch, int(gpt.start_audio_token)
        self.transformer = Transformer(gpt, dtype, device)
        self.cache = self.transformer.cache(slots, size.positions)
        self.voices = VoicePositions(self.transformer, self.cache)
        self.embedding = TokenEmbedding(gpt, device)
        self._norm = LayerNorm.of(gpt.final_norm, device)
        self._head = linear(gpt.mel_head.weight, gpt.mel_head.bias, device, torch.float32)
        self.noise = SamplingNoise(slots, codes, device)
        self._rules = SamplingRules.empty(slots, codes, device)
        self._last = torch.zeros(slots, dtype=torch.long, device=device)  # the code to be fed next
        self._at = torch.zeros_like(self._last)  # its position in the cache
        self._code_at = torch.zeros_like(self._last)  # its position among the codes, 0 for the start code
        self._taken = torch.zeros(slots, dtype=torch.bool, device=device)

    def seat(self, slot: int, sampling: SamplingOptions, seed: int, forced: list[int], at: int) -> None:
        """A row that has fed `at` positions takes a slot; `forced` are the codes it has fed, and are not drawn for."""
        self._rules.put(slot, sampling, [PREFIX_ID, self._start, *forced])
        self.noise.seat(slot, sampling, seed, len(forced))
        self._at[slot], self._code_at[slot] = at, len(forced) + 1

    def first(self, hidden: Tensor, slot: int) -> StepResult:
        """Choose the first codes of rows that were just filled; hidden: float32 [rows, D], slots: from `slot` on."""
        rows = slice(slot, slot + hidden.shape[0])
        codes, result = self._chosen(hidden, rows)
        self._taken[rows] = True
        self._note(codes, rows)
        return result

    def step(self, width: int, length: int) -> StepResult:
        """One code more for the rows in the first `width` slots; length: positions read, more than any row has fed."""
        taken = self._taken[:width]
        at = self._at[:width].masked_fill(~taken, self.cache.positions)
        fed = self.embedding.next(self._last[:width], self._code_at[:width])
        codes, result = self._chosen(self.transformer.step(fed, self.cache, at, length), slice(0, width))
        next_at, next_code_at = self._at[:width] + taken, self._code_at[:width] + taken
        self._note(codes, slice(0, width))
        self._at[:width], self._code_at[:width] = next_at, next_code_at
        return result

    def latents(self, hidden: Tensor) -> Tensor:
        """[..., D] as the blocks give them -> what the vocoder is fed."""
        return self._norm(hidden)

    def move(self, source: int, target: int, fed: int) -> None:
        """A row changes its slot, with the `fed` positions that it has fed."""
        self.cache.move(source, target, fed)
        self._rules.move(source, target)
        self.noise.move(source, target)
        for tensor in (self._last, self._at, self._code_at):
            tensor[target] = tensor[source]

    def vacate(self, slot: int) -> None:
        """Leave that slot without a row."""
        self._taken[slot] = False

    @contextmanager
    def idle(self) -> Iterator[None]:
        """Inside, no slot is taken, and steps change nothing: for recording them while rows wait."""
        states = (self._taken, self._last, self._rules.used_codes)
        before = [tensor.clone() for tensor in states]
        self._taken.zero_()
        try:
            yield
        finally:
            for tensor, content in zip(states, before, strict=True):
                tensor.copy_(content)

    def _chosen(self, hidden: Tensor, rows: slice) -> tuple[Tensor, StepResult]:
        latents = self.latents(hidden)
        logits = self._head(latents)
        rules, noise = self._rules.of(rows), self.noise.drawn[rows]
        scores = scored(logits, rules)
        rank = ranked(scores, rules)
        codes = chosen(scores, rank, rules, noise)
        doubts = doubtful(scores, rank, rules, noise) if self._watch else torch.zeros_like(codes)
        broken = ~logits.isfinite().all(-1)
        return codes, StepResult(torch.stack((codes.masked_fill(broken, BROKEN), doubts.long())), latents)

    def _note(self, codes: Tensor, rows: slice) -> None:
        """Note the codes that were chosen; they are fed next."""
        self._last[rows] = codes
        self._rules.used_codes[rows].scatter_(1, codes[:, None], True)
