"""The lines of a PDF: fragments of text with their places, put in reading order, without running heads."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

#: about how wide a letter is, as a share of the size of its font
_LETTER = 0.5
_COLUMN_CHARS = 20  #: on average; what is narrower than this beside something else is a table
_DROP_CAP = 1.5  #: times as large as the text
_LETTER_ALONE = re.compile(r"[\"“„«‘]?[^\W\d_]")
_ROMAN = frozenset("IVXLC")  #: before capitals they are perhaps the number of a chapter
_ONE_LETTER_WORDS = frozenset("AEIOUYÀÉÔВИКОСУЯ")
_ZONE_LINES = 2  #: lines at the top and bottom of a page that may be running heads
_PAGE_NUMBER = re.compile(
    r"[-–—\[(|\s]*(?:(?:page|seite|pagina|página|стр\.?|p\.)\s*)?(?:\d{1,4}|[ivxlc]{1,7})"
    r"(?:\s*(?:of|/|von|de|di|из)\s*\d{1,4})?[-–—\])|\s]*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PdfLine:
    """A stretch of text in one line of one column; places are in points, from the lower left corner of the page."""

    text: str
    x: float
    y: float
    size: float  #: of its font

    @property
    def right(self) -> float:
        """About where it ends."""
        return self.x + _LETTER * self.size * len(self.text)


class LineCollector:
    """Collects the lines of a page from what pypdf finds, in the order of the file."""

    def __init__(self) -> None:
        self.lines: list[PdfLine] = []
        self._text, self._x, self._y, self._size = "", 0.0, 0.0, 0.0

    def visit(self, text: str, cm: Sequence[float], tm: Sequence[float], _font: Any, font_size: float) -> None:
        """A stretch of text with its matrices, as pypdf's visitor is called; a newline ends the line before."""
        x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
        y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        size = abs(font_size * (tm[3] or tm[1] or 1) * (cm[3] or cm[1] or 1)) or 1.0
        for i, piece in enumerate(text.split("\n")):
            if i or (self._text.strip() and piece.strip() and self._is_apart(x, y, size)):
                self.end_line()
            if piece.strip() and not self._text.strip():
                self._x, self._y, self._size = x, y, size
            self._text += piece

    def end_line(self) -> None:
        """End the current line."""
        text = " ".join(self._text.split())
        if text:
            self.lines.append(PdfLine(text, self._x, self._y, self._size))
        self._text = ""

    def _is_apart(self, x: float, y: float, size: float) -> bool:
        """Does a stretch begin in another column, or line, than the one before ends in?"""
        end = self._x + _LETTER * self._size * len(self._text)
        return abs(y - self._y) > max(size, self._size) or x - end > 3 * size


def in_reading_order(lines: list[PdfLine]) -> list[PdfLine]:
    """The lines of a page with the left column before the right one, if the file has them row by row."""
    rows: dict[int, list[PdfLine]] = {}
    for line in lines:
        rows.setdefault(round(line.y / 3), []).append(line)
    pairs = [sorted(row, key=lambda line: line.x) for row in rows.values() if len(row) == 2]
    paired = [line for pair in pairs for line in pair]
    if len(pairs) < 3 or len(paired) * 2 < len(lines):
        return lines
    if sum(len(line.text) for line in paired) < _COLUMN_CHARS * len(paired):
        return lines
    boundary = median(pair[1].x for pair in pairs) - 1
    above = max(line.y for line in paired)
    head = [line for line in lines if line.y > above + 1]
    rest = [line for line in lines if line.y <= above + 1]
    left = [line for line in rest if line.x < boundary]
    return [*head, *_downwards(left), *_downwards([line for line in rest if line.x >= boundary])]


def body_size(pages: Sequence[Sequence[PdfLine]]) -> float:
    """The size of most of the text."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page:
            sizes[round(line.size, 1)] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 1.0


def without_running_heads(pages: list[list[PdfLine]], body: float) -> list[list[PdfLine]]:
    """The pages without page numbers, and without lines that recur in the same place on several pages."""
    zones = [_zone_lines(page, body) for page in pages]
    counts = Counter(key for zone in zones for key in {_place(line) for line in zone})
    enough = 2 if len(pages) < 6 else 3
    kept = []
    for page, zone in zip(pages, zones, strict=True):
        gone = {line for line in zone if counts[_place(line)] >= enough or (len(pages) > 1 and _is_number(line, zone))}
        kept.append([line for line in page if line not in gone])
    return kept


def with_drop_caps(lines: list[PdfLine], body: float) -> list[PdfLine]:
    """The lines of a page with large first letters put before the words that they begin."""
    kept: list[PdfLine] = []
    for line in lines:
        cap = kept[-1] if kept else None
        if cap and cap.size >= _DROP_CAP * body and line.size < cap.size and _is_drop_cap(cap.text, line.text):
            gap = " " if cap.text[-1] in _ONE_LETTER_WORDS else ""  # a step of its own knows It from I am
            kept[-1] = PdfLine(f"{cap.text}{gap}{line.text}", line.x, line.y, line.size)
        else:
            kept.append(line)
    return kept


def _is_drop_cap(letter: str, text: str) -> bool:
    """Is it one letter, before the rest of its word: in small letters, or as THE in capitals?"""
    first = text.partition(" ")[0]
    in_capitals = len(first) > 1 and first.isupper() and not text.isupper() and letter[-1] not in _ROMAN
    is_letter = _LETTER_ALONE.fullmatch(letter) is not None and letter[-1].isupper()
    return is_letter and (first[:1].islower() or in_capitals)


def _downwards(lines: list[PdfLine]) -> list[PdfLine]:
    return sorted(lines, key=lambda line: -line.y)


def _zone_lines(page: list[PdfLine], body: float) -> list[PdfLine]:
    """The lines at the top and bottom of a page that may be no part of its text: apart from it, or in smaller type."""
    ordered = _downwards(page)
    steps = [upper.y - lower.y for upper, lower in pairwise(ordered) if upper.y - lower.y > 1]
    spacing = median(steps) if steps else 0.0
    zone = [*_edge(ordered, body, spacing), *_edge(ordered[::-1], body, spacing)]
    return list(dict.fromkeys(line for line in zone if line.size < 1.1 * body))


def _edge(lines: list[PdfLine], body: float, spacing: float) -> list[PdfLine]:
    """The lines from one end of a page up to a gap; a page number needs none."""
    for n in range(1, min(_ZONE_LINES, len(lines) - 1) + 1):
        if abs(lines[n].y - lines[n - 1].y) > 1.3 * spacing:
            return lines[:n]
    small = [line for line in lines[:_ZONE_LINES] if line.size < 0.95 * body]
    return small or [line for line in lines[:1] if _PAGE_NUMBER.fullmatch(line.text)]


def _place(line: PdfLine) -> tuple[str, int]:
    """What a running head has in common on all pages: its words, and its height."""
    return re.sub(r"\d+|\b[ivxlc]+\b", "#", line.text.lower()), round(line.y / 6)


def _is_number(line: PdfLine, zone: list[PdfLine]) -> bool:
    return bool(zone) and line in (zone[0], zone[-1]) and _PAGE_NUMBER.fullmatch(line.text) is not None
