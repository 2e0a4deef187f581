"""Read parts aloud: accents composed, numbers and signs in words, and what became too long split again."""

from collections.abc import Sequence
from dataclasses import replace

from seriatim.text.phoneme_table import PhonemeTable
from seriatim.text.reading import ReadingMode, read_sentence
from seriatim.text.segment.segment_options import SegmentOptions
from seriatim.text.segment.sentences import SentencePart
from seriatim.text.segment.split_long import split_index
from seriatim.text.unicode_forms import compose


class PartReader:
    """Reads sentences, and parts of long ones, each by itself."""

    def __init__(self, cut: SegmentOptions, phonemes: PhonemeTable) -> None:
        self._cut, self._phonemes = cut, phonemes

    def read(self, parts: list[SentencePart]) -> list[SentencePart]:
        """The parts as they are spoken, none of them longer than the limit."""
        return [piece for part in parts for piece in self._read(part)]

    def _read(self, part: SentencePart) -> list[SentencePart]:
        text = compose(part.text)
        if self._cut.reading is ReadingMode.AUTO:
            kept = self._kept(text)
            text = self._read_around(text, kept, part.style.reading_language or part.language or self._cut.language)
        if text == part.text:
            return [part]
        *firsts, last = self._split(text)
        return [*(replace(part, text=first, pause_ms=0, closes=False) for first in firsts), replace(part, text=last)]

    def _kept(self, text: str) -> Sequence[tuple[int, int]]:
        """The places of words whose pronunciation is known, by the lexicon or by markup, in order."""
        places = self._cut.kept_words(text) if self._cut.kept_words else ()
        marked = self._phonemes.places(text)
        if not marked:
            return places
        return sorted([*marked, *(p for p in places if all(p[1] <= m[0] or m[1] <= p[0] for m in marked))])

    def _read_around(self, text: str, kept: Sequence[tuple[int, int]], language: str) -> str:
        """The text read, but for the words at the places `kept`, whose pronunciation is known."""
        if not kept:
            return read_sentence(text, language)
        pieces: list[str] = []
        at = 0
        for start, end in [*kept, (len(text), len(text))]:
            between = text[at:start]
            words = between.strip(" ")
            pieces.append(between.replace(words, read_sentence(words, language)) if words else between)
            pieces.append(text[start:end])
            at = end
        return "".join(pieces)

    def _split(self, text: str) -> list[str]:
        limit, rest = self._cut.limit_chars, self._cut.rest_chars
        pieces = []
        while len(text) > limit:
            at = split_index(text, limit, min(limit, len(text) - rest), [])
            pieces.append(text[:at].strip(" "))
            text = text[at:].strip(" ")
        return [*pieces, text]
