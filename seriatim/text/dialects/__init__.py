"""Dialects: how a sentence is written so that an engine speaks it as it is meant.

Workers and `seriatim text --engine` share them, so they import no engine. That of hibari asks hibari for phonemes, and
is a part of its adapter (workers/engines/hibari/dialect.py); workers/engines/written_sentences.py shows it, too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from seriatim.text.dialects.espeak_dialect import espeak_text
from seriatim.text.dialects.xtts_dialect import xtts_text

#: by the engine's name: a sentence and its language, BCP 47 -> the sentence as the engine gets it
DIALECTS: Mapping[str, Callable[[str, str], str]] = {"espeak": espeak_text, "piper": espeak_text, "xtts": xtts_text}


@dataclass(frozen=True, slots=True)
class ShownDialect:
    """The dialect of an engine, for showing sentences in it."""

    engine: str
    write: Callable[[Sequence[tuple[str, str]]], Sequence[str]]  #: sentences with their languages -> as it gets them


def shown_dialect(engine: str) -> ShownDialect:
    """The dialect of one of `DIALECTS`."""
    return ShownDialect(engine, lambda sentences: [DIALECTS[engine](text, language) for text, language in sentences])


__all__ = ["DIALECTS", "ShownDialect", "espeak_text", "shown_dialect", "xtts_text"]
