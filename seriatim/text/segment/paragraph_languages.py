"""Paragraph languages: each part of a text gets the language of its paragraph, where that may differ (if asked).

The language of a line is decided by its sentences; a line is what LineJoiner leaves: a paragraph, a heading, an item of
a list. A line whose language is unclear, such as a heading of one word, has that of the next clear one. Of a stream
nothing is held: there an unclear sentence has the language of the one before.
"""

from dataclasses import replace

from seriatim.text.languages import same_language
from seriatim.text.segment.segment_options import SegmentOptions
from seriatim.text.segment.sentences import SentencePart


class ParagraphLanguages:
    """Marks parts with languages; holds them until the language is clear, for `hold_chars` at most."""

    def __init__(self, cut: SegmentOptions) -> None:
        self._cut = cut
        self._held: list[SentencePart] = []
        self._held_chars = 0
        self._line = ""  # of the current line, as much as is known
        self._clear = False  # is the current line's language known?
        self._language = cut.language  # of the last line whose language was clear

    def take(self, parts: list[SentencePart]) -> list[SentencePart]:
        """The parts whose languages are decided now that `parts` follow."""
        if self._cut.paragraph_language is None:
            return parts
        return [marked for part in parts for marked in self._take(part)]

    def flush(self, parts: list[SentencePart]) -> list[SentencePart]:
        """The rest, with the last parts of a text that has ended."""
        marked = self.take(parts)
        if self._held:
            self._decide(" ".join(part.text for part in self._held))
        self._line, self._clear = "", False
        return marked + self._release()

    def _take(self, part: SentencePart) -> list[SentencePart]:
        self._held.append(part)
        self._held_chars += len(part.text)
        full = self._held_chars > self._cut.hold_chars
        closes = part.closes and not part.line_goes_on
        if not self._clear:
            self._line = f"{self._line} {part.text}".strip()
            if closes or full:
                self._clear = self._decide(self._line) or (full and self._cut.hold_chars > 0)
        released = self._release() if self._clear or full else []
        if closes:
            self._line, self._clear = "", False
        return released

    def _decide(self, text: str) -> bool:
        """Ask for the language of a text; returns whether it is clear."""
        language = self._cut.paragraph_language(text) if self._cut.paragraph_language else ""
        self._language = language or self._language
        return bool(language)

    def _release(self) -> list[SentencePart]:
        language = "" if same_language(self._language, self._cut.language) else self._language
        released = [replace(part, language=language) for part in self._held]
        self._held, self._held_chars = [], 0
        return released
