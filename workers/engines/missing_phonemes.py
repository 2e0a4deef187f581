"""Missing phonemes: symbols of a lexicon that an engine or a voice has no sound for, each logged once a process.

The word with such a symbol is spoken by its respelling, or as it is written.
"""

import logging
from collections.abc import Iterable

log = logging.getLogger(__name__)
MOST_REPORTED = 1000  #: symbols, of all voices together; the IPA has some 200


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
