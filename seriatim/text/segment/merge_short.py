"""Joins sentences that are too short to be spoken well alone with a neighbour, and leaves out what has no sound.

A short sentence joins the one after it, or, at the end of its line, the one before it. It never joins across a line or
a paragraph, whose pause says more than the engine would lose, and never beyond the limit: where there is no room, it
is spoken alone.
"""

from dataclasses import replace

from seriatim.text.segment.character_classes import SPEAKABLE
from seriatim.text.segment.segment_options import Segment, SegmentOptions
from seriatim.text.segment.sentences import SentencePart


class ShortSentenceMerger:
    """Makes pieces of parts; holds a sentence back only while a short one may still join it."""

    def __init__(self, cut: SegmentOptions) -> None:
        self._limit_chars, self._merge_chars = cut.limit_chars, cut.merge_chars
        self._done: Segment | None = None  # long enough; a short one at the end of the line would join it
        self._short: Segment | None = None  # behind it, too short; joins the next

    def take(self, parts: list[SentencePart], certain_chars: int) -> list[Segment]:
        """The pieces that are complete; `certain_chars`: how long the next sentence is at least."""
        pieces: list[Segment] = []
        for part in parts:
            self._add(part, pieces)
        short_chars = len(self._short.text) + 1 if self._short else 0
        if short_chars + certain_chars >= self._merge_chars:
            self._give_done(pieces)
        return pieces

    def flush(self, parts: list[SentencePart]) -> list[Segment]:
        """The rest, with the last parts of a text that has ended."""
        pieces = self.take(parts, 0)
        self._close(pieces)
        return pieces

    def _add(self, part: SentencePart, pieces: list[Segment]) -> None:
        if SPEAKABLE.search(part.text):
            piece = Segment(part.text, part.pause_ms, part.language, part.style)
            if self._short:
                joined = self._joined(self._short, piece)
                if joined is None:
                    self._give_done(pieces)
                    pieces.append(self._short)
                piece, self._short = joined or piece, None
            if len(piece.text) < self._merge_chars:
                self._short = piece
            else:
                self._give_done(pieces)
                self._done = piece
        if part.closes:
            self._close(pieces)

    def _joined(self, first: Segment, second: Segment) -> Segment | None:
        """Both as one, if there is room, and they are in one language and one style."""
        text = f"{first.text} {second.text}"
        alike = (first.language, first.style) == (second.language, second.style)
        return replace(second, text=text) if alike and len(text) <= self._limit_chars else None

    def _close(self, pieces: list[Segment]) -> None:
        """Give everything: nothing more will join."""
        if self._done and self._short and (joined := self._joined(self._done, self._short)):
            self._done, self._short = joined, None
        self._give_done(pieces)
        if self._short:
            pieces.append(self._short)
        self._short = None

    def _give_done(self, pieces: list[Segment]) -> None:
        if self._done:
            pieces.append(self._done)
        self._done = None
