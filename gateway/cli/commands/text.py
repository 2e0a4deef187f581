"""`seriatim text`: what would be spoken of a text, sentence by sentence or step by step."""

import sys

from seriatim.errors import UnknownOption
from seriatim.exit_codes import ExitCode
from seriatim.text.dialects import DIALECTS
from seriatim.text.documents import Document
from seriatim.text.explain import document_facts, explain_steps
from seriatim.text.lexicon import Lexicon
from seriatim.text.segment import SegmentOptions


def run_text(document: Document, options: SegmentOptions, lexicon: Lexicon, *, explain: bool, engine: str = "") -> int:
    """Print the sentences of a document with their pauses; with `explain`, what each step made of it.

    The last step is what `engine` gets, if one is named.

    Raises:
        UnknownOption: no dialect of that engine can be shown.
    """
    if engine and engine not in DIALECTS:
        raise UnknownOption(f"--engine {engine!r}; expected one with a dialect to show: {', '.join(sorted(DIALECTS))}")
    steps = explain_steps(document.text, options, lexicon, engine)
    if not explain:
        sys.stdout.write(f"{dict(steps)['reading']}\n")
        return ExitCode.OK
    for name, made in [("document", document_facts(document)), *steps]:
        sys.stdout.write(f"== {name}\n{made}\n\n")
    return ExitCode.OK
