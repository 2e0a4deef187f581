"""Phoneme alignment: where the words of a sentence are in its phonemes, by the phonemes that each has alone. Pure.

A front-end may run two words together ("of the" is one group of phonemes for espeak) or make several of one, and a word
sounds a little different in company. So the phonemes of all words, joined, are matched with those of the sentence.
"""

from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise

LEAST_ALIKE = 0.6  #: share of phonemes that match; "he" and "we" alone would be 0.5
STRESS = "ˈˌː"  #: differ between a word alone and in a sentence; letters for Python, and no sounds of their own
SNAP = 1  #: phonemes by which a boundary is moved to a space between two groups


def align_words(alone: Sequence[str], phonemes: str) -> list[tuple[int, int]]:
    """The first phoneme of each word in those of the sentence, and the one behind its last; [] if they fit no words.

    Args:
        alone: the phonemes of each word, with at least one sound.
        phonemes: of the sentence, with spaces.
    """
    sounds = [i for i, char in enumerate(phonemes) if _is_sound(char)]
    words = ["".join(filter(_is_sound, word)) for word in alone]
    matcher = SequenceMatcher(None, "".join(words), "".join(phonemes[i] for i in sounds), autojunk=False)
    if matcher.ratio() < LEAST_ALIKE:
        return []
    spaces = {n for n in range(1, len(sounds)) if " " in phonemes[sounds[n - 1] : sounds[n]]}
    marks, n_chars = [0], 0
    for word in words[:-1]:
        n_chars += len(word)
        marks.append(_snapped(_matched(matcher.get_opcodes(), n_chars), spaces))
    marks.append(len(sounds))
    if any(first >= behind for first, behind in pairwise(marks)):
        return []
    return [(sounds[first], sounds[behind - 1] + 1) for first, behind in pairwise(marks)]


def _is_sound(char: str) -> bool:
    return char.isalpha() and char not in STRESS


def _matched(steps: Sequence[tuple[str, int, int, int, int]], at: int) -> int:
    """The place in the second text that matches one in the first."""
    for _, start, end, other_start, other_end in steps:
        if start <= at < end:
            return other_start + round((at - start) * (other_end - other_start) / (end - start))
    return steps[-1][4]


def _snapped(mark: int, spaces: set[int]) -> int:
    """A boundary, or the space beside it."""
    near = [space for space in spaces if abs(space - mark) <= SNAP]
    return min(near, key=lambda space: (abs(space - mark), space), default=mark)
