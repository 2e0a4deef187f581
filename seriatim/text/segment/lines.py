"""Decides what each newline means: a wrapped line, a line of its own, or the end of a paragraph.

In: clean text, with spaces and newlines. Out: the same text with one space where lines were wrapped (none between two
CJK characters), LINE_BREAK behind a heading, a list item or a line of verse, PARAGRAPH_BREAK behind a paragraph, runs
of spaces made one, and no space at the ends of a line. A line without a letter or digit, such as `***` or `---`, is a
separator: it says nothing and ends the paragraph like an empty line. Bullets and the marks of Markdown's headings say
nothing either; the numbers of a list are spoken.
"""

import re

from seriatim.text.control_characters import HARD_LINE, PAUSES
from seriatim.text.segment.character_classes import CJK, LINE_BREAK, PARAGRAPH_BREAK, SPEAKABLE

#: text wrapped by machine fills 60 to 80 columns; a line shorter than this ended because its writer ended it
SHORT_COLUMNS = 50
#: how far to look for a letter or digit before a line that has none so far counts as text
SEPARATOR_CHARS = 64

_SPACES = re.compile(" {2,}")
_BULLET = re.compile(r"(?:[-*•‣◦▪·–—]|#{1,6}) +")
_DASH = re.compile(r"[–—] +")
_NUMBER = re.compile(r"(?:\d{1,3}[.)]|[^\W\d_]\)) ")
_PERHAPS_NUMBER = re.compile(r"(?:\d{1,3}|[^\W\d_])[.)]?")
_PAUSE = re.compile(f"[{PAUSES}]")
_ENDS = ".:;!?…。！？：；।؟"


class LineJoiner:
    """Reads clean text that comes in parts; what it writes does not depend on how the text was parted."""

    def __init__(self) -> None:
        self._held = ""  # read and not yet written: the undecided start of a line, or spaces at the end of one
        self._inside = False  # is the start of the current line written?
        self._above = False  # is a line of the same paragraph written above the current one?
        self._columns = 0  # of the current line, or of the line above; counted up to SHORT_COLUMNS
        self._last = ""  # the last character written
        self._listed = self._heading = False  # is the current line, or the line above, a list item, or a heading?
        self._hard = False  # does markup say that the line above ends, however long it is?

    def feed(self, text: str) -> str:
        """What can be written now that `text` follows; the rest is held until the next line's start is known."""
        self._held += text
        written = []
        more = True
        while more and self._held:
            part, more = self._inner() if self._inside else self._start()
            written.append(part)
        return "".join(written)

    def flush(self) -> str:
        """The rest of a text that has ended; what follows is a new paragraph."""
        rest = self.feed("\n") if SPEAKABLE.search(self._held) else ""
        self._held, self._inside, self._above = "", False, False
        return rest

    def _inner(self) -> tuple[str, bool]:
        """The text up to the end of the line, and whether there is more to read behind it."""
        body, newline, behind = self._held.partition("\n")
        line = body.rstrip(f" {HARD_LINE}")
        self._held = behind if newline else body[len(line) :]
        if line:
            self._last = line[-1]
            if self._columns < SHORT_COLUMNS:
                self._columns += len(line) + len(CJK.findall(line))
        if newline:
            self._inside, self._above, self._hard = False, True, body.endswith(HARD_LINE)
        return _SPACES.sub(" ", line), bool(newline)

    def _start(self) -> tuple[str, bool]:
        """What joins the line to the one above, and whether there is more to read; nothing while it is undecided."""
        self._held = self._held.lstrip(" ")
        line, newline, behind = self._held.partition("\n")
        if len(line) < SEPARATOR_CHARS and not SPEAKABLE.search(line):
            if not newline:
                return "", False
            self._held = behind
            ended, self._above = self._above, False
            pauses = "".join(_PAUSE.findall(line))
            return pauses + PARAGRAPH_BREAK if ended else "", True
        if not newline and _PERHAPS_NUMBER.fullmatch(line):
            return "", False
        return self._joint(line), True

    def _joint(self, line: str) -> str:
        """Begin the line and return what stands between it and the line above."""
        bullet, number = _BULLET.match(line), _NUMBER.match(line)
        text = line[bullet.end() :] if bullet else line
        lower = _begins_lower(line)
        if bullet and lower and _DASH.match(line):
            bullet, text = None, line  # a dash in the middle of a wrapped sentence
        joint = self._between(text, lower=lower, bullet=bool(bullet), number=bool(number)) if self._above else ""
        self._listed, self._heading = bool(bullet or number), line.startswith("#") and bool(bullet)
        self._held = self._held[len(line) - len(text) :]
        self._inside, self._columns = True, 0
        return joint

    def _between(self, text: str, *, lower: bool, bullet: bool, number: bool) -> str:
        short = self._columns < SHORT_COLUMNS
        if bullet or self._heading or self._hard or (short and not lower):
            return LINE_BREAK
        if number and (self._listed or short or self._last in _ENDS):
            return LINE_BREAK
        return "" if CJK.match(self._last) and CJK.match(text) else " "


def _begins_lower(line: str) -> bool:
    first = SPEAKABLE.search(line, 0, SEPARATOR_CHARS)
    return first is not None and first.group().islower()
