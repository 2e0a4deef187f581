"""Planted faults: recordings in which one sentence is dropped, doubled, cut, or has changed places with the next."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from tests.listening.recogniser import Recogniser, Samples
from tests.listening.verdict import Verdict

CUT = 0.4  #: of a sentence
N_SENTENCES = 8  #: of one recording, some 25 s


@dataclass(frozen=True, slots=True)
class Trial:
    """One recording, what was planted, and what the verdict on it is."""

    kind: str
    planted: frozenset[int]  #: sentences, any of which may be accused: of two that changed places either one
    verdict: Verdict

    @property
    def is_right(self) -> bool:
        """True if a fault was found where it is, or a clean recording was not accused."""
        return bool(self.planted & self.verdict.faulty) if self.planted else self.verdict.whole


def _drop(sounds: list[Samples], n: int) -> None:
    del sounds[n]


def _swap(sounds: list[Samples], n: int) -> None:
    sounds[n : n + 2] = sounds[n + 1], sounds[n]


def _double(sounds: list[Samples], n: int) -> None:
    sounds.insert(n, sounds[n])


def _cut_tail(sounds: list[Samples], n: int) -> None:
    sounds[n] = sounds[n][: round(len(sounds[n]) * (1 - CUT))]


def _cut_head(sounds: list[Samples], n: int) -> None:
    sounds[n] = sounds[n][round(len(sounds[n]) * CUT) :]


KINDS: MappingProxyType[str, Callable[[list[Samples], int], None]] = MappingProxyType(
    {"dropped": _drop, "swapped": _swap, "doubled": _double, "tail cut": _cut_tail, "head cut": _cut_head}
)
CLEAN = "clean"


def trials(
    recogniser: Recogniser, sentences: Sequence[str], sounds: Sequence[Samples], n_each: int, seed: int = 1
) -> Iterator[Trial]:
    """`n_each` trials of every kind and of clean recordings; `sounds` are those of the sentences, at RATE_HZ."""
    draw = random.Random(seed)
    for _ in range(n_each):
        for kind in (*KINDS, CLEAN):
            chosen = draw.sample(range(len(sentences)), min(N_SENTENCES, len(sentences)))
            planted = draw.randrange(len(chosen) - 1)
            yield trial(recogniser, [sentences[n] for n in chosen], [sounds[n] for n in chosen], kind, planted)


def trial(recogniser: Recogniser, sentences: Sequence[str], sounds: Sequence[Samples], kind: str, n: int) -> Trial:
    """Plant one fault of this kind at sentence `n`, and have the recording judged."""
    changed = list(sounds)
    planted = {n, n + 1} if kind == "swapped" else {n}
    if kind == CLEAN:
        planted = set()
    else:
        KINDS[kind](changed, n)
    return Trial(kind, frozenset(planted), recogniser.verdict(sentences, np.concatenate(changed)))
