"""Decides what each newline means: a wrapped line, a line of its own, or the end of a paragraph.

In: clean text, with spaces and newlines. Out: the same text with one space where lines were wrapped (none between two
CJK characters), LINE_BREAK behind a heading, a list item or a line of verse, PARAGRAPH_BREAK behind a paragraph, runs
of spaces made one, and no space at the ends of a line. A line without a letter or digit, such as `***` or `---`, is a
separator: it says nothing and ends the paragraph like an empty line. Bullets and the marks of Markdown's headings say
nothing either; the numbers of a list are spoken.
"""

import re

from seriatim.text.control_characters import ALL_STYLES, HARD_LINE, PAUSES, STYLE
from seriatim.text.segment.character_classes import CJK, LINE_BREAK, PARAGRAPH_BREAK, SPEAKABLE
from seriatim.text.segment.page_breaks import PAGE_CHARS, is_page_number, page_break

#: a line that ends a sentence and is shorter than this ended because its writer ended it
SHORT_COLUMNS = 50
#: a paragraph that is narrower was not wrapped: it is a list, a poem or a heading
NARROW_COLUMNS = 34
#: no machine wraps lines as long as this: each is a paragraph
LONG_COLUMNS = 120
#: how far to look for a letter or digit before a line that has none so far counts as text
SEPARATOR_CHARS = 64

_SPACES = re.compile(" {2,}")
_BULLET = re.compile(r"(?:[-*•⁃●‣◦▪·–—]|#{1,6}) +")
_DASH = re.compile(r"[–—] +")
_NUMBER = re.compile(r"(?:\d{1,3}[.)]|\((?:\d{1,2}|[a-z]|[ivx]{1,5})\)|(?:[^\W\d_]|[ivx]{1,5})\)) ")
_PERHAPS_NUMBER = re.compile(r"\(?(?:\d{1,3}|[^\W\d_]|[ivx]{1,5})?[.)]?")
_PAUSE = re.compile(f"[{PAUSES}]")
_HYPHEN = re.compile(rf"(?<=[^\W\d_])-[ {HARD_LINE}]*\Z")
_WORD = re.compile(rf"{CJK.pattern}|\S+")  # a line of Chinese or Japanese breaks behind any character
#: behind a hyphen at a line's end, these words stand by themselves: Haus- und Hof, two- and three-fold; `to`, `a` and
#: the like are too often the end of a word
_AND = {
    "en": {"and", "or"}, "de": {"und", "oder", "bis", "bzw"}, "nl": {"en", "of"}, "fr": {"et", "ou"},
    "sv": {"och", "eller"}, "da": {"og", "eller"}, "nb": {"og", "eller"}, "pl": {"lub"}, "cs": {"nebo"},
    "hu": {"és", "vagy"},
}  # fmt: skip
#: first halves of words that are written with a hyphen
_HYPHENATED = frozenset(
    [
        "self",
        "well",
        "ex",
        "non",
        "half",
        "all",
        "cross",
        "high",
        "low",
        "long",
        "short",
        "twenty",
        "thirty",
        "forty",
        "fifty",
        "sixty",
        "seventy",
        "eighty",
        "ninety",
        *["peut", "celui", "celle", "ceux", "celles", "lui", "eux", "soi", "moi", "toi"],
    ]
)
#: small words within compounds, whose last part may stand on the next line: mother-in-law, state-of-the-art
_INNER_WORD = re.compile(r"[^\W\d_]-(?:in|of|to|the|at|by|up|on|de|à|la|and)\Z", re.IGNORECASE)
_TAIL_CHARS = 24
#: the end of a line of contents: dots and the number of a page
_LEADER = re.compile(r"(?:\.{4,}|(?:\. ){3,}|…{2,}|·{4,}) *(?:\d{1,4}|[ivxlc]{1,7})\Z")
#: below a line with a colon at its end, lines of so few columns are items, also in small letters
ITEM_COLUMNS = 30
_LAST_WORD = re.compile(r"[^\W\d_]+\Z")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
#: Japanese particles behind which a sentence goes on
_PARTICLES = "のをがへ"
_CLOSERS = "\"'”’»)]*_"
_SILENT_ENDS = f"{_CLOSERS}{ALL_STYLES}"
_ENDS = ".:;!?…。！？：；।؟"


class LineJoiner:
    """Reads clean text that comes in parts; what it writes does not depend on how the text was parted."""

    def __init__(self, language: str = "en") -> None:
        self._and = _AND.get(language, set())
        self._held = ""  # read and not yet written: the undecided start of a line, or spaces at the end of one
        self._inside = False  # is the start of the current line written?
        self._above = False  # is a line of the same paragraph written above the current one?
        self._columns = 0  # of the current line, or of the line above; counted up to LONG_COLUMNS
        self._width = 0  # of the paragraph: columns of its longest line so far
        self._wrapped = 0  # lines of the paragraph that were found to be wrapped
        self._hyphen = ""  # the hyphen that ends the line above, and may part a word
        self._before = ""  # the last character written of the current line
        self._tail = ""  # its last characters
        self._last = ""  # the last one that is no closing quote or bracket
        self._listed = self._heading = False  # is the current line, or the line above, a list item, or a heading?
        self._final = False  # is nothing to follow?
        self._notes: list[str] = []  # footnotes that stood within the current paragraph
        self._items = False  # are the lines of the paragraph items below a line with a colon?
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
        noted = self.feed(f"\n\n{self._taken_notes()}") if self._notes else ""
        return noted + self._flush()

    def _flush(self) -> str:
        ends_inside = self._inside and self._held.startswith("-")
        self._final = True
        is_open = self._above and "\n" in self._held
        rest = (
            self.feed("\n")
            if ends_inside or is_open or SPEAKABLE.search(self._held)
            else "".join(STYLE.findall(self._held))
        )
        rest += self._hyphen
        self._final = False
        self._held, self._inside = "", False
        self._end_paragraph()
        return rest

    def _inner(self) -> tuple[str, bool]:
        """The text up to the end of the line, and whether there is more to read behind it."""
        body, newline, behind = self._held.partition("\n")
        hyphen = _HYPHEN.search(self._before + body)
        line = body[: hyphen.start() - len(self._before)] if hyphen else body.rstrip(f" {HARD_LINE}")
        self._held = behind if newline else body[len(line) :]
        if line:
            self._before, self._tail = line[-1], (self._tail + line)[-_TAIL_CHARS:]
            self._last = (line.rstrip(_SILENT_ENDS) or self._last or line)[-1]
            self._columns = min(self._columns + _columns(line), LONG_COLUMNS)
        if newline:
            self._inside, self._above, self._hard = False, True, body.endswith(HARD_LINE)
            self._hyphen = "-" if hyphen else ""
            self._width = max(self._width, self._columns)
        return _SPACES.sub(" ", line), bool(newline)

    def _start(self) -> tuple[str, bool]:
        """What joins the line to the one above, and whether there is more to read; nothing while it is undecided."""
        self._held = self._held.lstrip(" ")
        if self._above and not self._hard and not self._ends() and self._width >= NARROW_COLUMNS:
            found = page_break(self._held[:PAGE_CHARS], in_prose=self._wrapped > 0)
            if found is None and not self._final and len(self._held) < PAGE_CHARS:
                return "", False
            if found and found.end:
                self._held = self._held[found.end :]
                self._notes += found.notes
        line, newline, behind = self._held.partition("\n")
        silent = _says_nothing(line)
        if silent is not False and not newline:
            return "", False
        if silent:
            self._held = self._taken_notes() + behind if self._above else behind
            ended, hyphen = self._above, self._hyphen
            self._end_paragraph()
            pauses = "".join(_PAUSE.findall(line))
            silence = hyphen + pauses + PARAGRAPH_BREAK if ended else ""
            return silence + "".join(STYLE.findall(line)), True
        if not newline and _PERHAPS_NUMBER.fullmatch(line):
            return "", False
        if self._above and not newline and self._is_undecided(line):
            return "", False
        return self._joint(line), True

    def _taken_notes(self) -> str:
        """The footnotes of the paragraph that ends, as paragraphs of their own."""
        notes, self._notes = self._notes, []
        return "".join(f"{note}\n\n" for note in notes)

    def _end_paragraph(self) -> None:
        self._above, self._hyphen = False, ""
        self._width = self._wrapped = 0
        self._items = False

    def _is_undecided(self, line: str) -> bool:
        """Must more of a line be known before it is said whether the line above is wrapped?

        It must as long as its first word would have fitted above it, were the line as long as that.
        """
        word = _WORD.match(line)
        if self._hyphen and word is not None and word.end() == len(line):
            return len(line) < _TAIL_CHARS
        if self._may_list() and _begins_lower(line):
            return _columns(line) <= ITEM_COLUMNS
        if self._hard or self._heading or self._ends() or _begins_lower(line) or self._ends_contents():
            return False
        needed = self._columns + 1 + _columns(word[0] if word else "")
        return (word is not None and word.end() == len(line)) or (not self._wrapped and _columns(line) < needed)

    def _joint(self, line: str) -> str:
        """Begin the line and return what stands between it and the line above."""
        bullet, number = _BULLET.match(line), _NUMBER.match(line)
        text = line[bullet.end() :] if bullet else line
        lower = _begins_lower(line)
        if bullet and lower and _DASH.match(line) and not self._listed:
            bullet, text = None, line  # a dash in the middle of a wrapped sentence
        joint = self._between(text, lower=lower, bullet=bool(bullet), number=bool(number)) if self._above else ""
        joint = self._hyphenated(joint, text)
        self._listed, self._heading = bool(bullet or number), line.startswith("#") and bool(bullet)
        self._held = self._held[len(line) - len(text) :]
        self._inside, self._columns, self._before, self._last, self._tail = True, 0, "", "", ""
        return joint

    def _between(self, text: str, *, lower: bool, bullet: bool, number: bool) -> str:
        short = self._columns < SHORT_COLUMNS
        if bullet or self._heading or self._hard or self._ends_contents():
            return LINE_BREAK
        if lower and self._may_list() and _columns(text.partition("\n")[0]) <= ITEM_COLUMNS:
            self._items = True
            return LINE_BREAK
        if number and (self._listed or short or self._last in _ENDS):
            return LINE_BREAK
        if self._columns >= LONG_COLUMNS and (self._ends() or not lower):
            return PARAGRAPH_BREAK
        goes_on = lower or (self._last in _PARTICLES and bool(CJK.match(text)))
        if not goes_on and not (self._is_wrapped(text) if not self._ends() else not short):
            return LINE_BREAK
        self._wrapped += 1
        return "" if CJK.match(self._last) and CJK.match(text) else " "

    def _may_list(self) -> bool:
        """May a line in small letters be an item, below the first line, which ends with a colon, or another item?"""
        return self._items or (self._last == ":" and not self._wrapped)

    def _ends_contents(self) -> bool:
        """Is the line above one of a table of contents, which ends with the number of a page?"""
        return _LEADER.search(self._tail) is not None

    def _ends(self) -> bool:
        """Does the line above end a sentence?"""
        return self._last in _ENDS

    def _is_wrapped(self, text: str) -> bool:
        """Was the line above, which ends no sentence, wrapped before `text`, whose first word did not fit into it?"""
        word = _WORD.match(text)
        following = min(_columns(text.partition("\n")[0]), LONG_COLUMNS)
        width = max(self._width, 0 if self._wrapped else following)
        if width < NARROW_COLUMNS or (self._last in ",;" and width < SHORT_COLUMNS):
            return False
        if self._columns + 1 + _columns(word[0] if word else "") > width:
            return True
        return self._wrapped > 0  # in the midst of a paragraph, a line that ends no sentence goes on

    def _hyphenated(self, joint: str, text: str) -> str:
        """What stands between two lines, of which the one above may end with a hyphen that parts a word."""
        hyphen, self._hyphen = self._hyphen, ""
        if hyphen and joint == " ":
            word, half = _FIRST_WORD.match(text), _LAST_WORD.search(self._tail)
            if word and word[0] in self._and:
                return f"{hyphen} "
            compound = (half and half[0].lower() in _HYPHENATED) or _INNER_WORD.search(self._tail)
            parted = text[:1].islower() and not compound
            return "" if parted else hyphen
        if joint == PARAGRAPH_BREAK:
            self._width = self._wrapped = 0
        return hyphen + joint


def _says_nothing(line: str) -> bool | None:
    """Is a line a separator, or the number of a page alone? None: it may become one."""
    if len(line) >= SEPARATOR_CHARS:
        return False
    return True if not SPEAKABLE.search(line) else is_page_number(line.rstrip(" "))


def _columns(text: str) -> int:
    """How wide a text is: characters of Chinese and Japanese take two columns."""
    return len(text) if text.isascii() else len(text) + len(CJK.findall(text))


def _begins_lower(line: str) -> bool:
    first = SPEAKABLE.search(line, 0, SEPARATOR_CHARS)
    return first is not None and first.group().islower()
