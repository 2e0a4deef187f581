"""Quote spans: the places of quotations in a paragraph, by the quotation marks of its language. Pure.

Single quotation marks count where a paragraph has no others, and only where no apostrophe is meant: they close behind a
punctuation mark. A paragraph may end within a quotation, which the next one then goes on with.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_CLOSERS = {"“": "”", "「": "」", "『": "』", '"': '"', "«": "»"}
_BOTH_WAYS = {**_CLOSERS, "„": "“”", "»": "«", "›": "‹", "‚": "‘"}
_LOW = {**_CLOSERS, "„": "“”"}
_RIGHT = {**_CLOSERS, "”": "”", "»": "»"}
#: by language: the marks that open speech, and those that close it
_LANGUAGES: Mapping[str, Mapping[str, str]] = {
    "en": {**_CLOSERS, "‘": "’", "'": "'"},
    **dict.fromkeys(["cs", "da", "de", "hr", "hu", "is", "pl", "ro", "sk", "sl", "sr"], _BOTH_WAYS),
    **dict.fromkeys(["bg", "lt", "nl", "uk"], _LOW),
    **dict.fromkeys(["fi", "sv"], _RIGHT),
    "ru": {"«": "»", "„": "“", '"': '"'},
}
_SINGLE = frozenset("‘'")
_ONE_DIRECTION = frozenset("“„«「『‚›»")  #: a mark that opens, and never closes what it opened
_BEFORE = " \t\n([{—–-*_"  #: a mark that may also close opens behind one of these
_STOPS = ".,!?…—–-;:。！？，、"
_SENTENCE_ENDS = ".!?…:。！？"


@dataclass(frozen=True, slots=True)
class QuoteSpan:
    """A quotation in a paragraph, with its marks."""

    start: int
    end: int
    closed: bool = True  #: False: it goes on in the next paragraph
    is_dashed: bool = False  #: it has no marks, but a dash before it

    def words(self, paragraph: str) -> str:
        """The quoted words, without marks."""
        return (
            paragraph[self.start : self.end] if self.is_dashed else paragraph[self.start + 1 : self.end - 1]
        ).strip()


def quote_spans(paragraph: str, language: str) -> list[QuoteSpan]:
    """The outermost quotations of a paragraph; `language`: the first part of its tag."""
    marks = _LANGUAGES.get(language, _CLOSERS)
    double = {opener: closers for opener, closers in marks.items() if opener not in _SINGLE}
    if found := _spans(paragraph, double):
        return found
    return _spans(paragraph, {opener: closers for opener, closers in marks.items() if opener in _SINGLE})


def is_speech(paragraph: str, span: QuoteSpan) -> bool:
    """Is a quotation spoken words, and no title or a word that is only quoted?

    Words that are said have a punctuation mark at their end, or begin a paragraph or a sentence with a comma behind.
    """
    if span.is_dashed:
        return True
    inner = paragraph[span.start + 1 : span.end - 1 if span.closed else span.end].strip(" \t\n*_")
    if not any(character.isalnum() for character in inner):
        return False
    before, behind = paragraph[: span.start].rstrip(" \t—–-*_"), paragraph[span.end :].lstrip()
    if inner[-1] in _STOPS or not span.closed or before.endswith((",", ":", "：")):
        return True
    begins = not before or before[-1] in _SENTENCE_ENDS
    return begins and (not behind or behind[0] == "," or paragraph[span.start] in "「『")


def _spans(paragraph: str, marks: Mapping[str, str]) -> list[QuoteSpan]:
    if not marks:
        return []
    pattern = re.compile("|".join(map(re.escape, {*marks, *"".join(marks.values())})))
    found: list[QuoteSpan] = []
    start, opener = 0, ""
    for match in pattern.finditer(paragraph):
        at, mark = match.start(), match.group()
        if opener:
            if mark in marks[opener] and _closes(paragraph, at, opener):
                found.append(QuoteSpan(start, at + 1))
                opener = ""
        elif mark in marks and _opens(paragraph, at, mark):
            start, opener = at, mark
    if opener in _ONE_DIRECTION:
        found.append(QuoteSpan(start, len(paragraph.rstrip()), closed=False))
    return found


def _opens(paragraph: str, at: int, mark: str) -> bool:
    behind = paragraph[at + 1 : at + 2]
    if not behind.strip() and mark != "«":  # French has a space within its marks
        return False
    return mark in "“„「『" or at == 0 or paragraph[at - 1] in _BEFORE


def _closes(paragraph: str, at: int, opener: str) -> bool:
    if opener not in _SINGLE:
        return not (opener == '"' and paragraph[at - 1 : at].isspace() and paragraph[at + 1 : at + 2].isalnum())
    return paragraph[:at].rstrip("*_")[-1:] in _STOPS and not paragraph[at + 1 : at + 2].isalnum()
