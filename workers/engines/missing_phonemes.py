"""Missing phonemes: symbols of a lexicon that an engine or a voice has no sound for, each logged once a process.

So is a language in which an engine takes no phonemes at all.

The word with such a symbol is spoken by its respelling, or as it is written.
"""

import logging
from collections.abc import Iterable, Sequence

from seriatim.text.pronunciation import Pronunciation, respelled

log = logging.getLogger(__name__)
_SILENT_LANGUAGES: set[tuple[str, str]] = set()  #: engines and languages whose line is logged
MOST_REPORTED = 1000  #: symbols, of all voices together; the IPA has some 200


def without_phonemes(engine: str, language: str, text: str, found: Sequence[Pronunciation]) -> str:
    """The text with its respellings, for a language in which an engine takes no phonemes.

    Words that have phonemes alone stay as they are written, and one line of the log names engine and language.
    """
    if any(p.ipa and not p.respelling for p in found) and (engine, language) not in _SILENT_LANGUAGES:
        _SILENT_LANGUAGES.add((engine, language))
        log.warning("phonemes not read in this language", extra={"engine": engine, "language": language})
    return respelled(text, found)


class MissingPhonemes:
    """The symbols that are logged already; a race of two threads logs one twice."""

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._reported: set[tuple[str, str]] = set()

    def report(self, symbols: Iterable[str], voice: str = "") -> None:
        """Log those of the symbols that were not logged for the voice."""
        new = {(voice, symbol) for symbol in symbols} - self._reported
        if new and len(self._reported) < MOST_REPORTED:
            self._reported |= new
            found = " ".join(sorted(symbol for _, symbol in new))
            log.warning("phonemes without a sound", extra={"engine": self._engine, "voice": voice, "symbols": found})
