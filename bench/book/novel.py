"""The novel of the book benches: the sentences of examples/harbour.txt, each with a number, in chapters."""

import re
from itertools import count, cycle
from pathlib import Path

from seriatim.text.segment import SegmentOptions, segment

TEXT = Path(__file__).parents[2] / "examples" / "harbour.txt"
CHAPTERS = 12
LIMIT_CHARS = 400  #: of a sentence; none of the example's is longer
_LIST_NUMBER = re.compile(r"\d+\. ")


def novel(n_chars: int, chapters: int = CHAPTERS) -> str:
    """A book in Markdown: chapters of the example's sentences, numbered.

    None is equal to another: the cache that a book's workers have would know it.
    """
    numbers, parts, size, shown = count(1), list[str](), 0, 0
    for sentences in cycle(_paragraphs()):
        if size >= n_chars:
            break
        if size >= shown * n_chars // chapters:
            shown += 1
            parts.append(f"# Chapter {shown}")
        parts.append(" ".join(f"Line {next(numbers)}: {sentence}" for sentence in sentences))
        size += len(parts[-1])
    return "\n\n".join(parts) + "\n"


def _paragraphs() -> list[list[str]]:
    """The example's paragraphs, as sentences."""
    lines = [_LIST_NUMBER.sub("", line.strip()) for line in TEXT.read_text("utf-8").splitlines() if line.strip()]
    return [[piece.text for piece in segment(line, SegmentOptions("en", LIMIT_CHARS))] for line in lines]
