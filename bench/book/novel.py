"""The novel of the book benches: the sentences of examples/harbour.txt, numbered, in chapters."""

from itertools import cycle
from pathlib import Path

TEXT = Path(__file__).parents[2] / "examples" / "harbour.txt"
CHAPTERS = 12


def novel(n_chars: int, chapters: int = CHAPTERS) -> str:
    """A book in Markdown: chapters of the example's sentences, numbered, so that none is equal to another."""
    paragraphs = [" ".join(line.split()) for line in TEXT.read_text("utf-8").splitlines() if line.strip()]
    parts, size, shown = [], 0, 0
    for number, paragraph in enumerate(cycle(paragraphs), 1):
        if size >= n_chars:
            break
        if size >= shown * n_chars // chapters:
            shown += 1
            parts.append(f"# Chapter {shown}")
        parts.append(f"Paragraph {number}. {paragraph}")
        size += len(parts[-1])
    return "\n\n".join(parts) + "\n"
