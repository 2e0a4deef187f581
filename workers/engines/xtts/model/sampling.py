"""Sampling of the next code, for all rows at once, each by its own settings and its own noise.

Exactly what transformers' `generate` does to one sentence, in its order: the repetition penalty (over the codes so far,
the start code and code 1, which stands in for the prefix in the ids that coqui-tts hands to `generate`), temperature,
top-k, top-p, softmax, and `torch.multinomial`. That last one draws an exponentially distributed number for every
code and takes the code with the largest p / noise; here each row's noise comes from a generator of its own, so that
the same seed gives the same codes as in a batch of one, whatever other rows are in the batch.

The noise is drawn on the host, also for a GPU: then a sentence that moves to another device goes on with the same
random numbers, and one copy brings the noise of all rows. It is drawn ahead and spent only once a step has succeeded,
so that a step may be made again.
"""

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from workers.engines.xtts.batch.batch_row import SamplingOptions

PREFIX_ID = 1  #: coqui-tts fills the ids of conditioning and text with it, and `generate` penalises it from the start


@dataclass(slots=True)
class SamplingRules:
    """The settings of some rows, and the codes that they have used; every tensor's first dimension is the row's."""

    temperature: Tensor  #: float32 [n, 1]
    top_k: Tensor  #: long [n, 1], 1..V
    tail: Tensor  #: float32 [n, 1], 1 - top_p: the probability that the unlikeliest codes may have together
    penalty: Tensor  #: float32 [n, 1]
    greedy: Tensor  #: bool [n]
    used_codes: Tensor  #: bool [n, V], codes that the penalty applies to

    @classmethod
    def empty(cls, rows: int, codes: int, device: torch.device) -> "SamplingRules":
        """Greedy rows without a code yet."""
        ones = torch.ones(rows, 1, device=device)
        return cls(
            temperature=ones,
            top_k=torch.full((rows, 1), codes, device=device),
            tail=torch.zeros_like(ones),
            penalty=torch.ones_like(ones),
            greedy=torch.ones(rows, dtype=torch.bool, device=device),
            used_codes=torch.zeros(rows, codes, dtype=torch.bool, device=device),
        )

    def of(self, rows: slice) -> "SamplingRules":
        """Views of some rows."""
        return SamplingRules(*(getattr(self, field.name)[rows] for field in fields(self)))

    def put(self, row: int, sampling: SamplingOptions, used_codes: list[int]) -> None:
        """Set one row's settings, and the codes that it has used."""
        codes = self.used_codes.shape[1]
        self.temperature[row] = sampling.temperature if sampling.do_sample else 1.0
        self.top_k[row] = min(sampling.top_k or codes, codes)
        self.tail[row] = 1 - sampling.top_p
        self.penalty[row] = sampling.repetition_penalty
        self.greedy[row] = not sampling.do_sample
        self.used_codes[row] = False
        self.used_codes[row, torch.tensor(used_codes, dtype=torch.long, device=self.used_codes.device)] = True

    def move(self, source: int, target: int) -> None:
        """Copy one row onto another."""
        for field in fields(self):
            tensor = getattr(self, field.name)
            tensor[target] = tensor[source]


@dataclass(frozen=True, slots=True)
class RankedScores:
    """Rows of scores from the least to the largest, and which of them may be chosen."""

    ascending: Tensor  #: float32 [n, V]
    order: Tensor  #: long [n, V], the code of each
    cumulative: Tensor  #: float32 [n, V], probability of this and all lesser ones; 0 for those that top-k leaves out


def scored(logits: Tensor, rules: SamplingRules) -> Tensor:
    """float32 [n, V] -> float32 [n, V]: penalised, then divided by the temperature."""
    penalised = torch.where(logits < 0, logits * rules.penalty, logits / rules.penalty)
    return torch.where(rules.used_codes, penalised, logits) / rules.temperature


def ranked(scores: Tensor, rules: SamplingRules) -> RankedScores:
    """One sort serves both top-k and top-p."""
    ascending, order = torch.sort(scores, dim=-1)
    least = ascending.gather(1, ascending.shape[1] - rules.top_k)
    within = ascending.masked_fill(ascending < least, -torch.inf)
    return RankedScores(ascending, order, within.softmax(-1).cumsum(-1))


def chosen(scores: Tensor, rank: RankedScores, rules: SamplingRules, noise: Tensor) -> Tensor:
    """The next code of each row, long [n]; noise: float32 [n, V], above 0, unused by greedy rows."""
    removed = rank.cumulative <= rules.tail
    removed[:, -1].zero_()  # the likeliest one stays, whatever top_p
    left_out = removed.scatter(1, rank.order, removed)
    drawn = scores.masked_fill(left_out, -torch.inf).softmax(-1) / noise
    return torch.where(rules.greedy, scores.argmax(-1), drawn.argmax(-1))


def generator_of(seed: int, spent: int, codes: int) -> torch.Generator:
    """A row's generator after `spent` draws of `codes` numbers each.

    The draws are really made: how far one moves a generator is torch's affair, and 600 of them take some 10 ms.
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.empty(codes)
    for _ in range(spent):
        drawn.exponential_(1, generator=generator)
    return generator


class SamplingNoise:
    """The next draw of every row, by slot."""

    def __init__(self, slots: int, codes: int, device: torch.device) -> None:
        self._copied = torch.cuda.Event() if device.type == "cuda" else None
        self._host = torch.ones(slots, codes, pin_memory=self._copied is not None)
        self.drawn = self._host if device.type == "cpu" else torch.ones(slots, codes, device=device)  #: [slots, V]
        self._generators: list[torch.Generator | None] = [None] * slots
        self._fresh = [False] * slots

    def seat(self, slot: int, sampling: SamplingOptions, seed: int, spent: int) -> None:
        """A row takes a slot, with `spent` codes already chosen."""
        self._generators[slot] = generator_of(seed, spent, self._host.shape[1]) if sampling.do_sample else None
        self._fresh[slot] = False

    def ready(self, slots: range) -> None:
        """`drawn` holds an unspent draw for each of the slots."""
        self._draw(slots)
        if self.drawn is not self._host:
            self.drawn[slots.start : slots.stop].copy_(self._host[slots.start : slots.stop], non_blocking=True)
        if self._copied is not None:
            self._copied.record()

    def draw_ahead(self, slots: range) -> None:
        """Draw for the next step while a GPU is still busy with this one."""
        if self._copied is not None:
            self._draw(slots)

    def _draw(self, slots: range) -> None:
        """Draw on the host, for slots whose last draw is spent."""
        if self._copied is not None:
            self._copied.synchronize()  # or the copy would read what is being written
        for slot in slots:
            generator = self._generators[slot]
            if generator is not None and not self._fresh[slot]:
                self._host[slot].exponential_(1, generator=generator)
                self._fresh[slot] = True

    def spend(self, slots: range) -> None:
        """The draws of these slots were used."""
        self._fresh[slots.start : slots.stop] = [False] * len(slots)

    def move(self, source: int, target: int) -> None:
        """A row changes its slot."""
        self._host[target] = self._host[source]
        self._generators[target], self._fresh[target] = self._generators[source], self._fresh[source]
