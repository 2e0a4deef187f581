"""Dialects: how a sentence is written so that an engine speaks it as it is meant.

Workers and `seriatim text --engine` share them, so they import no engine. That of hibari asks hibari for phonemes, and
is a part of its adapter (workers/engines/hibari/dialect.py).
"""

from collections.abc import Callable, Mapping

from seriatim.text.dialects.espeak_dialect import espeak_text
from seriatim.text.dialects.xtts_dialect import xtts_text

#: by the engine's name: a sentence and its language, BCP 47 -> the sentence as the engine gets it
DIALECTS: Mapping[str, Callable[[str, str], str]] = {"espeak": espeak_text, "piper": espeak_text, "xtts": xtts_text}

__all__ = ["DIALECTS", "espeak_text", "xtts_text"]
