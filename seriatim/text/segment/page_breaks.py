"""Page breaks: page numbers, running heads and footnotes between two halves of a sentence.

They count only there: the line above ends no sentence, and behind them a line begins with a small letter. Numbers and
heads are silent, and a footnote is spoken behind its paragraph, without its number. Pure.
"""

import re
from dataclasses import dataclass, field

#: how far the line behind a page break is looked for
PAGE_CHARS = 800
#: no running head is longer
HEAD_CHARS = 60
#: shorter words of a title may begin with a small letter
LONG_CHARS = 4
_ROMAN = r"(?=[ivxlc])(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})"
_PAGE = r"(?:[Pp](?:age|\.)|[Ss]eite|[Pp][áa]gina|[Ss]tr(?:ona|\.)|[Сс]тр\.)"
_NUMBER = rf"(?:(?:{_PAGE} *)?\d{{1,4}}(?: *(?:/|of|von|de|di|van|z|из) *\d{{1,4}})?|{_ROMAN})"
_PAGE_LINE = re.compile(rf"[\[(–—-]? ?{_NUMBER} ?[\])–—-]?")
_SURE_PAGE_LINE = re.compile(rf"{_PAGE} *\d{{1,4}} *(?:/|of|von|de|di|van|z|из) *\d{{1,4}}")
#: the number of a page wherever it stands: - 12 -, Page 12 of 300
_LONE_PAGE_LINE = re.compile(rf"[–—-] ?\d{{1,4}} ?[–—-]|{_SURE_PAGE_LINE.pattern}")
_PERHAPS_BETWEEN_DASHES = re.compile(r"[–—-] ?\d{0,4} ?")
_PAGE_WORDS = ("page", "p.", "seite", "página", "pagina", "strona", "str.", "стр.")
_PERHAPS_COUNT = re.compile(r" *\d{0,4} *(?:/|[a-zи]{1,3})? *\d{0,4}")
_BESIDE_HEAD = re.compile(rf"^{_NUMBER}[ |·•–—-]+(?=\D)|[ |·•–—-]+{_NUMBER}$")
_WORD = re.compile(r"[^\W\d_]+")
_HEAD_END = re.compile(r"[.:;!?…,。]$")
_PERHAPS_PAGE = re.compile(r"[ivxlc]{1,7} ?|[psс][a-zа-яáà.]{0,6} ?\d{0,4}[a-zа-я \d]{0,8}")
#: the mark of a footnote and the start of its words
_NOTE = re.compile(r"(?:\d{1,3}[.)]?|[*†‡§]{1,2}|\[\d{1,3}\]|[¹²³⁰⁴-⁹]{1,3}) ?(?=[^\W\d_a-zß-ÿ]|[“\"‘'«(])")


@dataclass(slots=True)
class PageBreak:
    """What stands between two halves of a sentence."""

    end: int = 0  #: the index of the second half; 0: there is no page break
    notes: list[str] = field(default_factory=list)  #: the words of footnotes


def is_page_number(line: str) -> bool | None:
    """Is a line the number of a page in a form that nothing else has? None: it may become one."""
    if _LONE_PAGE_LINE.fullmatch(line):
        return True
    word, space, rest = line.lower().partition(" ")
    if space:
        is_part = word in _PAGE_WORDS and _PERHAPS_COUNT.fullmatch(rest) is not None
    else:
        is_part = any(name.startswith(word) for name in _PAGE_WORDS)
    return None if is_part or _PERHAPS_BETWEEN_DASHES.fullmatch(line) else False


def _is_head(line: str, *, bare: bool) -> bool:
    """Is a line a running head: a title or words in capitals, with the number of the page, or `bare` of it?"""
    if not (bare or line[0].isdigit() or (line[-1].isdigit() and line.isupper())):
        return False
    words = _BESIDE_HEAD.sub("", line)
    if len(line) > HEAD_CHARS or not words[:1].isupper() or _HEAD_END.search(line):
        return False
    found = _WORD.findall(words)
    capitals = [word for word in found if word[0].isupper()]
    return len(capitals) * 2 >= len(found) and all(word in capitals for word in found if len(word) >= LONG_CHARS)


def _note_end(view: str, at: int) -> int:
    """Where the paragraph of a footnote ends, behind its blank line; 0: there is none."""
    blank = view.find("\n\n", at)
    return blank + 2 if _NOTE.match(view, at) and blank > 0 else 0


def page_break(view: str, *, in_prose: bool) -> PageBreak | None:
    """The page break at the start of `view`, a text right behind a line end; None: more of it must be known.

    `in_prose`: is the paragraph above one of several wrapped lines? Else only the numbers of pages count.
    """
    found, at, n_blank, n_lines, sure, apart = PageBreak(), 0, 0, 0, False, True
    while newline := view.find("\n", at) + 1:
        line = view[at : newline - 1].strip(" ")
        if line and n_lines and line[0].islower() and not _PAGE_LINE.fullmatch(line):
            break
        if not line:
            n_blank, apart = n_blank + 1, True
        elif _PAGE_LINE.fullmatch(line) or _is_head(line, bare=in_prose and n_blank > 0):
            n_lines, sure = n_lines + 1, sure or _SURE_PAGE_LINE.fullmatch(line) is not None
            apart = line[0].isdigit() or line[-1].isdigit() or _PAGE_LINE.fullmatch(line) is not None
        elif in_prose and n_blank and (end := _note_end(view, at)):
            found.notes.append(_NOTE.sub("", view[at : end - 2], count=1))
            n_lines, n_blank, newline = n_lines + 1, n_blank + 1, end
        else:
            break
        at = newline
    rest = view[at:].lstrip(" ")
    is_open = "\n" not in rest
    if is_open and (not rest or _may_be_furniture(rest, in_prose=in_prose, is_first=not n_blank)):
        return None
    if in_prose and n_blank and _NOTE.match(rest) and "\n\n" not in rest:
        return None
    found.end = len(view) - len(rest) if n_lines and apart and (n_blank or sure) and rest[0].islower() else 0
    return found


def _may_be_furniture(rest: str, *, in_prose: bool, is_first: bool) -> bool:
    """May the start of a line become a number, a head or a note?"""
    inner = rest.lstrip("[(–—- ")
    if len(rest) > HEAD_CHARS or not inner:
        return len(rest) <= HEAD_CHARS
    if inner[0].islower():
        return _PERHAPS_PAGE.fullmatch(inner) is not None
    numbered = inner[0].isdigit() or inner[0] in "PpSsСс"
    if is_first and not (numbered or inner.isupper()):
        return False
    return in_prose or numbered or not any(char.islower() for char in inner)
