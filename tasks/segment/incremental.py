"""The four steps behind one another, for text that comes in parts and for text that is at hand."""

from collections.abc import Iterator

from tasks.segment.clean import Cleaner
from tasks.segment.cut import Cut, Piece
from tasks.segment.joining import Joiner
from tasks.segment.lines import Lines
from tasks.segment.sentences import Sentences

#: how much of a text that is at hand goes through the steps at once: little to hold, and enough to be fast
SLICE_CHARS = 4096


class Incremental:
    """Cuts a text that is still being written; not for use by two threads at once."""

    def __init__(self, cut: Cut) -> None:
        self._cleaner = Cleaner()
        self._lines = Lines()
        self._sentences = Sentences(cut)
        self._joiner = Joiner(cut)

    def feed(self, text: str) -> list[Piece]:
        """The pieces that are complete now that `text` follows; the rest is held.

        A piece is complete when its sentence has ended and the next one has begun, or its line has ended.
        """
        parts = self._sentences.feed(self._lines.feed(self._cleaner.feed(text)))
        return self._joiner.take(parts, self._sentences.certain_chars())

    def flush(self) -> list[Piece]:
        """Everything that is held, as if the text ended here; what follows begins a new paragraph."""
        parts = self._sentences.feed(self._lines.flush())
        return self._joiner.flush(parts + self._sentences.flush())


def segment(text: str, cut: Cut) -> Iterator[Piece]:
    """The pieces of a text, in order, each as it is asked for; none if there is nothing to say.

    The text is not copied: beside it, some thousand characters are held, whatever its length.
    """
    steps = Incremental(cut)
    for start in range(0, len(text), SLICE_CHARS):
        yield from steps.feed(text[start : start + SLICE_CHARS])
    yield from steps.flush()
