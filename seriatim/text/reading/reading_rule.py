"""A reading rule: a kind of written form, and its words."""

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadingRule:
    """One kind of written form."""

    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], str | None]  #: its words; None: not sure, leave it

    def apply(self, text: str) -> str:
        """The text with every such form in words."""
        return self.pattern.sub(self._words, text)

    def _words(self, found: re.Match[str]) -> str:
        words = self.read(found)
        return found[0] if words is None else words
