"""A verdict on a recording: which of the expected sentences are not heard once, in their place, and whole.

All expected words are aligned with all words that were heard. Words between that are much alike count as heard, because
a recogniser confuses them. A sentence of which most words are missing is lost, unless they are among the surplus words
elsewhere: then it has moved. Surplus words that are most of a sentence which is there as well say that it is doubled,
and a sentence without its first or last words is cut.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import LCSseq

from tests.listening.spoken_words import sounds_alike, words_of

MOST = 0.6  #: of a sentence's words
#: (n, k): a sentence is cut if at most k of its first or last n words are heard
EDGES = ((3, 0), (5, 1))
RUN_WORDS = 3  #: surplus words in a row that are looked up among the sentences
STRANGE_WORDS = 6  #: surplus words in a row that belong to no sentence


@dataclass(frozen=True, slots=True)
class Verdict:
    """The sentences at fault, by 0-based number, and how many words were misheard."""

    n_words: int  #: expected
    n_errors: int  #: words missing, surplus, or heard as others
    lost: tuple[int, ...] = ()
    moved: tuple[int, ...] = ()
    doubled: tuple[int, ...] = ()
    cut: tuple[int, ...] = ()
    strange: tuple[str, ...] = ()  #: words in a row that no sentence has

    @property
    def faulty(self) -> set[int]:
        """Every sentence with a fault."""
        return {*self.lost, *self.moved, *self.doubled, *self.cut}

    @property
    def whole(self) -> bool:
        """True if every sentence is heard once, in order, and whole."""
        return self.n_faults == 0

    @property
    def n_faults(self) -> int:
        """How many sentences are at fault, and runs of strange words."""
        return len(self.faulty) + len(self.strange)

    @property
    def word_error_rate(self) -> float:
        """Errors for each expected word, 0..1 and more."""
        return self.n_errors / max(1, self.n_words)

    def __str__(self) -> str:
        found = ((name, getattr(self, name)) for name in ("lost", "moved", "doubled", "cut", "strange"))
        return "; ".join(f"{name}: {', '.join(map(str, each))}" for name, each in found if each) or "whole"


@dataclass(slots=True)
class _Alignment:
    """Which expected words are heard, and the runs of surplus words between them."""

    is_heard: list[bool]
    runs: list[list[str]] = field(default_factory=list)
    n_errors: int = 0


def judge(expected: Sequence[str], words: Sequence[str]) -> Verdict:
    """Compare the expected sentences with the words that were heard."""
    split = [words_of(sentence) for sentence in expected]
    alignment = _align([word for sentence in split for word in sentence], words)
    flags = list(_by_sentence(alignment.is_heard, [len(sentence) for sentence in split]))
    absent = {n for n, each in enumerate(flags) if each and sum(each) / len(each) < MOST}
    found, strange = _look_up(alignment.runs, split)
    return Verdict(
        n_words=len(alignment.is_heard),
        n_errors=alignment.n_errors,
        lost=tuple(sorted(absent - found)),
        moved=tuple(sorted(absent & found)),
        doubled=tuple(sorted(found - absent)),
        cut=tuple(n for n, each in enumerate(flags) if n not in absent and _is_cut(each)),
        strange=tuple(strange),
    )


def _align(expected: Sequence[str], words: Sequence[str]) -> _Alignment:
    """Find the longest common subsequence; what lies between two common words is compared by likeness."""
    result = _Alignment([False] * len(expected))
    at_expected = at_word = 0
    for step in [*LCSseq.opcodes(expected, words), None]:
        if step is not None and step.tag != "equal":
            continue
        to_expected = step.src_start if step else len(expected)
        to_word = step.dest_start if step else len(words)
        _align_between(result, expected, range(at_expected, to_expected), list(words[at_word:to_word]))
        if step:
            result.is_heard[step.src_start : step.src_end] = [True] * (step.src_end - step.src_start)
            at_expected, at_word = step.src_end, step.dest_end
    return result


def _align_between(result: _Alignment, expected: Sequence[str], missing: range, surplus: list[str]) -> None:
    result.n_errors += max(len(missing), len(surplus))
    for n in missing:
        alike = next((k for k, word in enumerate(surplus) if sounds_alike(expected[n], word)), None)
        if alike is not None:
            result.is_heard[n] = True
            if alike:
                result.runs.append(surplus[:alike])
            del surplus[: alike + 1]
    if surplus:
        result.runs.append(surplus)


def _by_sentence(is_heard: Sequence[bool], lengths: Sequence[int]) -> Iterator[Sequence[bool]]:
    at = 0
    for length in lengths:
        yield is_heard[at : at + length]
        at += length


def _look_up(runs: Sequence[Sequence[str]], split: Sequence[Sequence[str]]) -> tuple[set[int], list[str]]:
    """The sentences that runs of surplus words are most of, and the runs that are of none."""
    found, strange = set(), []
    for run in runs:
        if len(run) < RUN_WORDS or not split:
            continue
        shares = [LCSseq.similarity(sentence, run) / max(1, len(sentence)) for sentence in split]
        fitting = {n for n, share in enumerate(shares) if share >= MOST}
        found |= fitting
        if not fitting and len(run) >= STRANGE_WORDS:
            strange.append(" ".join(run))
    return found, strange


def _is_cut(flags: Sequence[bool]) -> bool:
    return any(sum(edge) <= most for n, most in EDGES if len(flags) > n for edge in (flags[:n], flags[-n:]))
