"""`seriatim text`: what would be spoken of a text, sentence by sentence or step by step."""

import json
import sys
from collections.abc import Sequence

from gateway.cli.engine_queries import ask_engine
from seriatim.errors import UnknownOption
from seriatim.exit_codes import ExitCode
from seriatim.text.dialects import DIALECTS, ShownDialect, shown_dialect
from seriatim.text.documents import Document
from seriatim.text.explain import document_facts, explain_steps
from seriatim.text.lexicon import Lexicon
from seriatim.text.segment import SegmentOptions

WRITTEN = "workers.engines.written_sentences"
WRITING_ENGINES = (
    "hibari",
    "kokoro",
)  #: engines that write a sentence as their phonemes turn out: a process of theirs does
SHOWN = tuple(sorted((*DIALECTS, *WRITING_ENGINES)))


def run_text(document: Document, options: SegmentOptions, lexicon: Lexicon, *, explain: bool, engine: str = "") -> int:
    """Print the sentences of a document with their pauses; with `explain`, what each step made of it.

    The last step is what `engine` gets, if one is named.

    Raises:
        UnknownOption: no dialect of that engine can be shown.
        EngineUnavailable: its dialect asks the engine, which is not installed.
    """
    steps = explain_steps(document.text, options, lexicon, _dialect(engine) if engine else None)
    if not explain:
        sys.stdout.write(f"{dict(steps)['reading']}\n")
        return ExitCode.OK
    for name, made in [("document", document_facts(document)), *steps]:
        sys.stdout.write(f"== {name}\n{made}\n\n")
    return ExitCode.OK


def _dialect(engine: str) -> ShownDialect:
    if engine not in SHOWN:
        raise UnknownOption(f"--engine {engine!r}; expected one with a dialect to show: {', '.join(SHOWN)}")
    if engine in DIALECTS:
        return shown_dialect(engine)

    def ask(sentences: Sequence[tuple[str, str]]) -> Sequence[str]:
        written: list[str] = ask_engine(WRITTEN, engine, stdin_text=json.dumps(sentences))
        return written

    return ShownDialect(engine, ask)
