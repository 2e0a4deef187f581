"""Neighbours of a sentence: the texts around it travel with it, for engines that speak by them.

The producer knows them before anything is spoken. So no attempt waits for another, and a retry has the same ones.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from seriatim.records import Sentence

NEIGHBOUR_CHARS = 300  #: of each: more than two sentences, and no book beside every sentence


def with_neighbours(sentences: Iterable[Sentence], previous: Sentence | None = None) -> Iterator[Sentence]:
    """Each sentence with the texts before and behind it, where they have its voice; `previous` is before the first."""
    current: Sentence | None = None
    for following in sentences:
        if current is not None:
            yield _between(previous, current, following)
            previous = current
        current = following
    if current is not None:
        yield _between(previous, current, None)


def _between(previous: Sentence | None, current: Sentence, following: Sentence | None) -> Sentence:
    if current.previous_text or current.next_text:
        return current  # its caller knows better
    before = previous.text[-NEIGHBOUR_CHARS:] if previous and previous.voice == current.voice else ""
    behind = following.text[:NEIGHBOUR_CHARS] if following and following.voice == current.voice else ""
    return replace(current, previous_text=before, next_text=behind) if before or behind else current
