"""A reading rule: a kind of written form, and its words."""

import re
from collections.abc import Callable
from dataclasses import dataclass

_BESIDE = re.compile(r"[\d\u2e80-\uffef]")
_IDEOGRAPH_GAP = re.compile(r"(?<=[^\x00-\x7f]) (?=[^\x00-\x7f])")


@dataclass(frozen=True, slots=True)
class ReadingRule:
    """One kind of written form."""

    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], str | None]  #: its words; None: not sure, leave it
    spaced: bool = True  #: does the language put spaces between words?

    def apply(self, text: str) -> str:
        """The text with every such form in words."""
        return self.pattern.sub(self._words, text)

    def _words(self, found: re.Match[str]) -> str:
        words = self.read(found)
        if words is None:
            return found[0]
        return words if self.spaced else _without_gaps(words, found)


def _without_gaps(words: str, found: re.Match[str]) -> str:
    """Words of a language without spaces: none within, and none towards ideographs and numbers on either side."""
    words, string = _IDEOGRAPH_GAP.sub("", words), found.string
    if words[:1] == " " and _BESIDE.match(string, found.start() - 1) and found.start():
        words = words.lstrip()
    if words[-1:] == " " and (found.end() == len(string) or _BESIDE.match(string, found.end())):
        words = words.rstrip()
    return words
