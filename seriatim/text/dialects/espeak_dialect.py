"""The espeak dialect: how a sentence is written so that espeak neither pauses inside it nor reads its marks.

espeak judges full stops by itself: before a capital or a digit it pauses for 300 ms, also in "Dr. Müller" and "No. 5".
It reads "exclamation" at "Oh!--you", and "dot" at "Ph.D. in". These forms were measured with espeak-ng 1.52, by the
silence and the phonemes of its output (tests/integration/engines/test_espeak_dialect.py):

    a soft hyphen behind a stop     no pause, no "dot"; capitals and the dictionary's entry stay as they are
    a small letter behind "3."      an ordinal, where espeak has ordinals in that language
    a space before a dash           a pause instead of the mark's name
    initials without spaces         letters, not the words that are written alike ("A. A. Milne")
"""

import re

from seriatim.text.languages import base_language
from seriatim.text.segment.inner_stops import inner_stops
from seriatim.text.segment.sentence_boundary import ORDINAL_LANGUAGES

NO_END = "\u00ad"  #: behind a stop: espeak skips a soft hyphen, and does not take the stop for an end
#: "Oh!--you", "No.—Then"; and "Go!Now", where a space is missing
_MARK_BEFORE_DASH = re.compile(r"(?<=[^\W_])([.!?]+)(?=(?:--|[—–])\s*[^\W_])")
_MARK_BEFORE_LETTER = re.compile(r"(?<=[^\W_])([!?]+)(?=-?[^\W\d_])")
#: "Ph.D.", "M.Sc.", "m.in.": short letters with stops; espeak reads the stops of single letters ("U.S.") well
_MIXED = re.compile(r"(?<![\w.@/-])(?:[^\W\d_]{1,3}\.){1,3}[^\W\d_]{1,4}(?![\w@/-])")
_GLUED_NUMBER = re.compile(r"(?<![\w.@/-])([^\W\d_]{1,4}\.)(?=\d)")  #: "p.12", "No.5"
_LONG_PART = re.compile(r"[^\W\d_]{2}")
_TITLE = re.compile(r"[A-Z]\w?\.[A-Z]\w{0,3}")  #: a degree, also where no stop is left behind it ("Ph.D")
_ROW_OF_INITIALS = re.compile(rf"(?<![^\W_])[^\W\d_]\.(?:{NO_END} [^\W\d_]\.)+(?={NO_END})")
_ENGLISH_A = re.compile(rf"(?<![\w.])A\.(?={NO_END})")
_NUMBER_BEFORE = re.compile(r"(?:^|\W)\d{1,2}$")


def espeak_text(text: str, language: str) -> str:
    """The sentence as espeak should get it; `language`: BCP 47, of the voice that speaks it."""
    base = base_language(language)
    made = _mark_inner_stops(text, base)
    made = _ROW_OF_INITIALS.sub(lambda row: row[0].replace(f"{NO_END} ", ""), made)
    if base == "en":
        made = _ENGLISH_A.sub("A-", made)  # "ay", not the article
    made = _MIXED.sub(lambda word: _separate_parts(word, made), made)
    made = _GLUED_NUMBER.sub(rf"\1{NO_END} ", made)
    made = _MARK_BEFORE_DASH.sub(r"\1 ", made)
    return _MARK_BEFORE_LETTER.sub(r"\1 ", made)


def _mark_inner_stops(text: str, base: str) -> str:
    parts: list[str] = []
    start = 0
    for stop in inner_stops(text, base):
        parts.append(text[start : stop + 1] + NO_END)
        start = stop + 1
        ordinal = base in ORDINAL_LANGUAGES and _NUMBER_BEFORE.search(text[max(0, stop - 3) : stop])
        if ordinal and text[start + 1 : start + 3].istitle():
            parts.append(f" {text[start + 1].lower()}")
            start += 2
    return "".join(parts) + text[start:]


def _separate_parts(word: re.Match[str], text: str) -> str:
    """An abbreviation with parts of several letters, each part by itself: "Ph. D"; a name such as "Node.js" stays."""
    abbreviation = text.startswith((f".{NO_END}", ". "), word.end()) or _TITLE.fullmatch(word[0])
    if not abbreviation or not _LONG_PART.search(word[0]):
        return word[0]
    return word[0].replace(".", f".{NO_END} ")
