"""An index of the words of a lexicon, so that a sentence is matched in time that grows with its length alone. Pure.

Words are found by their first run of letters and digits. Words of scripts without spaces, and signs, are looked for
anywhere.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from seriatim.text.lexicon.lexicon_entry import LexiconEntry
from seriatim.text.segment.character_classes import CJK

_TOKEN = re.compile(r"\w+")
_SPACES = re.compile(r"\s+")


class WordIndex:
    """The words of some entries."""

    def __init__(self, entries: Sequence[LexiconEntry]) -> None:
        self._by_token: dict[str, list[tuple[int, LexiconEntry]]] = defaultdict(list)  #: with the token's offset
        self._anywhere: list[LexiconEntry] = []
        for entry in entries:
            token = _TOKEN.search(entry.word)
            if token is None or CJK.search(entry.word):
                self._anywhere.append(entry)
            else:
                self._by_token[token[0].casefold()].append((token.start(), entry))

    def find(self, text: str, language: str) -> Iterator[tuple[int, int, LexiconEntry]]:
        """Each place (start, end) that an entry for `language` matches; places may overlap."""
        for token in _TOKEN.finditer(text):
            for offset, entry in self._by_token.get(token[0].casefold(), ()):
                start = token.start() - offset
                end = start + len(entry.word)
                if start >= 0 and entry.speaks(language) and _matches(entry, text, start, end):
                    yield start, end, entry
        for entry in self._anywhere:
            if entry.speaks(language):
                for match in re.finditer(re.escape(entry.word), text, 0 if entry.matches_case else re.IGNORECASE):
                    yield *match.span(), entry


def _matches(entry: LexiconEntry, text: str, start: int, end: int) -> bool:
    """Is the entry's word there, and not a part of a longer word?"""
    written, word = _SPACES.sub(" ", text[start:end]), entry.word
    same = written == word if entry.matches_case else written.casefold() == word.casefold()
    cut_before = start > 0 and _is_word(text[start - 1]) and _is_word(word[0])
    return same and not cut_before and not (end < len(text) and _is_word(text[end]) and _is_word(word[-1]))


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"
