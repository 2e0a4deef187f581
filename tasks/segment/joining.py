"""Joins sentences that are too short to be spoken well alone with a neighbour, and leaves out what has no sound.

A short sentence joins the one before it, or, where it is the first of its line or there is no room, the one after it.
It never joins across a line or a paragraph, whose pause says more than the engine would lose, and never beyond the
limit. The parts of a long sentence are long enough and join nothing before them.
"""

from tasks.segment.cut import Cut, Piece
from tasks.segment.letters import SPEAKABLE
from tasks.segment.sentences import Part


class Joiner:
    """Makes pieces of parts; holds the last sentence back only while a short one may still join it."""

    def __init__(self, cut: Cut) -> None:
        self._limit_chars, self._merge_chars = cut.limit_chars, cut.merge_chars
        self._held: Piece | None = None

    def take(self, parts: list[Part], certain_chars: int) -> list[Piece]:
        """The pieces that are complete; `certain_chars`: how long the next sentence is at least."""
        pieces: list[Piece] = []
        for part in parts:
            self._add(part, pieces)
        if self._held and self._merge_chars <= min(len(self._held.text), certain_chars):
            self._give(pieces)
        return pieces

    def flush(self, parts: list[Part]) -> list[Piece]:
        """The rest, with the last parts of a text that has ended."""
        pieces = self.take(parts, 0)
        self._give(pieces)
        return pieces

    def _add(self, part: Part, pieces: list[Piece]) -> None:
        if SPEAKABLE.search(part.text):
            text = part.text
            if self._held and self._joins(self._held.text, part):
                text = f"{self._held.text} {text}"
                self._held = None
            self._give(pieces)
            self._held = Piece(text, part.pause_ms)
        if part.closes or not self._merge_chars:
            self._give(pieces)

    def _joins(self, held: str, part: Part) -> bool:
        short = len(held) < self._merge_chars or (len(part.text) < self._merge_chars and not part.broken)
        return short and len(held) + 1 + len(part.text) <= self._limit_chars

    def _give(self, pieces: list[Piece]) -> None:
        if self._held:
            pieces.append(self._held)
        self._held = None
