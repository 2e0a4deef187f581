"""Quotes and brackets that are open, so that a sentence that quotes sentences stays in one piece.

Only the outermost pair counts. Single quotes do not count: most of them are apostrophes.
"""

import re

_CLOSERS = {
    '"': '"',
    "“": "”",
    "„": "“”",
    ",,": "“”",
    "«": "»",
    "»": "«",
    "「": "」",
    "『": "』",
    "《": "》",
    "(": ")",
    "[": "]",
    "（": "）",
}
_SINGLE = "".join(opener for opener in _CLOSERS if len(opener) == 1) + "".join(_CLOSERS.values())
#: two commas are a German low quote before a word
_MARKS = re.compile(rf",,(?=\w)|[{re.escape(_SINGLE)}]")
#: openers that also close, or that smileys and formulas are made of, open only behind a space or another opener
_AMBIGUOUS = frozenset(['"', "»", "(", "[", ",,"])
_BEFORE_OPENER = " ([{—–-'‘*_"

_STOPS = ".!?…۔؟"

#: a pair that has not closed after so many characters is a slip, or too long for one piece anyway
QUOTE_CHARS = 300


class OpenQuotes:
    """Reads a text onwards; positions are indices into the text that the caller holds."""

    def __init__(self) -> None:
        self._read = 0  # everything before this index is read
        self._since = 0  # where the open pair began
        self._closers = ""  # the characters that close it; "" when none is open

    def read(self, text: str, end: int) -> None:
        """Read on, up to index `end`."""
        for mark in _MARKS.finditer(text, self._read, end):
            at, char = mark.start(), mark.group()
            if self._closers:
                if char in self._closers and not (char == '"' and text[at - 1 : at] == " "):
                    self._closers = ""
            elif char in _CLOSERS and _opens(text, at, char):
                self._since, self._closers = at, _CLOSERS[char]
        self._read = max(self._read, end)

    def open_at(self, at: int) -> bool:
        """Is a pair open at index `at`, up to which the text is read?"""
        return bool(self._closers) and at - self._since <= QUOTE_CHARS

    def closes_with(self, char: str) -> bool:
        """Would `char` close the open pair?"""
        return bool(self._closers) and char in self._closers

    def drop(self, n_chars: int) -> None:
        """The caller has dropped the first `n_chars` of its text."""
        self._read, self._since = max(0, self._read - n_chars), self._since - n_chars

    def forget(self) -> None:
        """A new sentence begins: nothing is open."""
        self._closers = ""


def _opens(text: str, at: int, char: str) -> bool:
    """Does a mark that may open a pair open one, to judge by what stands around it? In Urdu, “ closes."""
    if char == "“" and at and text[at - 1] in _STOPS and text[at + 1 : at + 2] == " ":
        return False
    return char not in _AMBIGUOUS or at == 0 or text[at - 1] in _BEFORE_OPENER
