"""Read parts aloud: accents composed, numbers and signs in words, and what became too long split again."""

from dataclasses import replace

from seriatim.text.reading import ReadingMode, read_sentence
from seriatim.text.segment.segment_options import SegmentOptions
from seriatim.text.segment.sentences import SentencePart
from seriatim.text.segment.split_long import split_index
from seriatim.text.unicode_forms import compose


class PartReader:
    """Reads sentences, and parts of long ones, each by itself."""

    def __init__(self, cut: SegmentOptions) -> None:
        self._cut = cut

    def read(self, parts: list[SentencePart]) -> list[SentencePart]:
        """The parts as they are spoken, none of them longer than the limit."""
        return [piece for part in parts for piece in self._read(part)]

    def _read(self, part: SentencePart) -> list[SentencePart]:
        text = compose(part.text)
        if self._cut.reading is ReadingMode.AUTO:
            text = read_sentence(text, self._cut.language)
        if text == part.text:
            return [part]
        *firsts, last = self._split(text)
        return [*(SentencePart(first, 0, closes=False) for first in firsts), replace(part, text=last)]

    def _split(self, text: str) -> list[str]:
        limit, rest = self._cut.limit_chars, self._cut.rest_chars
        pieces = []
        while len(text) > limit:
            at = split_index(text, limit, min(limit, len(text) - rest), [])
            pieces.append(text[:at].strip(" "))
            text = text[at:].strip(" ")
        return [*pieces, text]
