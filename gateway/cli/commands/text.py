"""`seriatim text`: what would be spoken of a text, sentence by sentence or step by step."""

import sys

from seriatim.exit_codes import ExitCode
from seriatim.text.documents import Document
from seriatim.text.explain import explain_steps
from seriatim.text.lexicon import Lexicon
from seriatim.text.segment import SegmentOptions


def run_text(document: Document, options: SegmentOptions, lexicon: Lexicon, *, explain: bool) -> int:
    """Print the sentences of a document with their pauses; with `explain`, what each step made of it."""
    steps = explain_steps(document.text, options, lexicon)
    if not explain:
        sys.stdout.write(f"{dict(steps)['reading']}\n")
        return ExitCode.OK
    for name, made in [("document", describe(document)), *steps]:
        sys.stdout.write(f"== {name}\n{made}\n\n")
    return ExitCode.OK


def describe(document: Document) -> str:
    """What a document says about itself, and its chapters with the number of their words."""
    facts = {
        "format": document.format, "title": document.title, "authors": "; ".join(document.authors),
        "language": document.language, "cover": f"{len(document.cover)} bytes" if document.cover else "",
        "warning": document.warning,
    }  # fmt: skip
    lines = [f"{name}: {value}" for name, value in facts.items() if value]
    for number, chapter in enumerate(document.chapters, 1):
        notes = f", {len(chapter.notes.split())} words of notes" if chapter.notes else ""
        lines.append(f"chapter {number}: {chapter.title or '-'} ({len(chapter.text.split())} words{notes})")
    return "\n".join(lines)
