"""A phoneme table: words of one text whose phonemes its markup gives, each for one place. Pure.

On its way through the steps, such a word has a control character before it, an index into this table. So it is found
again behind all of them, whatever became of the words around it; a word that a step has changed is spoken as written.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from seriatim.text.control_characters import MOST_PHONEMES, PHONEME, phoneme_character, phoneme_index
from seriatim.text.pronunciation import Pronunciation
from seriatim.text.unicode_forms import compose, fold

if TYPE_CHECKING:
    from seriatim.text.segment.segment_options import Segment


@dataclass(slots=True)
class PhonemeTable:
    """The words with phonemes of one text, in the order in which they occur; equal ones are one entry."""

    entries: list[tuple[str, str]] = field(default_factory=list)  #: phonemes in the IPA, and the words spoken so

    def character(self, ipa: str, words: str) -> str:
        """The control character to put before `words`; "" if the text has too many different ones."""
        entry = (ipa, compose(fold(words)))
        if entry not in self.entries:
            if len(self.entries) == MOST_PHONEMES:
                return ""
            self.entries.append(entry)
        return phoneme_character(self.entries.index(entry))

    def places(self, text: str) -> list[tuple[int, int]]:
        """The places (start, end) of the words of the table in a text, each with its control character."""
        found = []
        for mark in PHONEME.finditer(text) if self.entries else ():
            words = self.entries[phoneme_index(mark[0])][1]
            if text.startswith(words, mark.end()):
                found.append((mark.start(), mark.end() + len(words)))
        return found

    def pronounced(self, pieces: "list[Segment]") -> "list[Segment]":
        """The pieces without control characters, and with the pronunciations that these stand for."""
        return [self._pronounced(piece) if PHONEME.search(piece.text) else piece for piece in pieces]

    def _pronounced(self, piece: "Segment") -> "Segment":
        found, text, at = list[Pronunciation](), "", 0
        for start, end in self.places(piece.text):
            text += PHONEME.sub("", piece.text[at:start])
            ipa, words = self.entries[phoneme_index(piece.text[start])]
            found.append(Pronunciation(len(text), len(text) + len(words), ipa=ipa))
            text, at = text + words, end
        text += PHONEME.sub("", piece.text[at:])
        return replace(piece, text=text, pronunciations=tuple(found))
