"""Weighs one mark in its surroundings: does the sentence end there, go on, or is it too early to say?"""

import re
import unicodedata
from enum import Enum

from seriatim.text.segment.character_classes import CJK, CJK_LETTER, SPEAKABLE
from seriatim.text.segment.quotation_tags import has_quotation_tag
from seriatim.text.segment.quotes import OpenQuotes
from seriatim.text.segment.sentence_boundary import CONTEXT_CHARS, SPACED_MARKS, ends_sentence, word_needed

#: how far to look for the next word; emoji and the like that fill it belong to the sentence before
LOOK_CHARS = 64
#: a word longer than this is no month, title or sentence starter
WORD_CHARS = 24

_SILENT = re.compile(rf"(?:[^\w\n\f]|_){{0,{LOOK_CHARS}}}")
_WORD = re.compile(rf"[^\s()\[\]{{}}<>\"“”«»]{{1,{WORD_CHARS}}}")
#: word.[12], word. [12] and word.[A] as in an encyclopedia, word.¹² as in a book
_REFERENCES = re.compile(r"(?:\[(?:\d{1,3}|[A-Za-z])\]| \[\d{1,3}\]|[\u00b9\u00b2\u00b3\u2070-\u2079])*")
_PERHAPS_REFERENCE = re.compile(r"\[(?:\d{0,3}|[A-Za-z])\Z| (?:\[\d{0,3})?\Z")
#: word.12 as in a book whose small numbers became plain ones
_NOTE = re.compile(r"\d{1,3}(?= )")
_PERHAPS_NOTE = re.compile(r"\d{1,3}\Z")
_LONG_WORD = re.compile(r"[^\W\d_]{4}")
_AFTER_SHORT_WORD = re.compile(r"(?<![^\W\d_])[^\W\d_]{1,4}$")
_LAST_WORD = re.compile(r"[^\W\d_]+\Z")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
#: "thanks.And": words with nothing but letters, the second with a capital, and what follows a whole word
_WHOLE_WORD = re.compile(r"(?:^|[\s,(\[\"“‘«¿¡—–!?…-]|\.\.)[^\W\d_]{2,}$")
_TITLES = ("Mrs", "Mr", "Ms", "Dr", "Prof", "Hr", "Fr", "Sra", "Sr", "St")
_NEXT_SENTENCE = re.compile(
    rf"[\"“‘«¿¡(]?(?:(?:{'|'.join(_TITLES)})(?=\. )"
    r"|[^\W\d_]+(?:['’][^\W\d_]+)?(?=[\s,;:!?—–-]|[.…][\s.…\"”’»)]))"
)
_PERHAPS_NEXT = re.compile(r"[\"“‘«¿¡(]?[^\W\d_]*(?:['’][^\W\d_]*)?\.?\Z")
#: "1,000.That": a number that is no version and no decimal, and (1987).1 before the number of a note
_WHOLE_NUMBER = re.compile(r"(?<![\w.,])(?:\d{1,3}(?:,\d{3})+|\d{3,4})$|\d ?%$")
_IN_BRACKETS = re.compile(r"\w\)$")
_ROMAN_NUMBER = re.compile(r"[IVXL]{2,}")
#: 5! = 120
_FACTORIAL = re.compile(r"[\dnk]!\)? ?[=+×·*/÷<>≈−] ?[\dnk(]")
#: "...en toen" behind a stop: a sentence that begins with an ellipsis
_ELLIPSIS_WORD = re.compile(r" (?:\.\.\.|…)(?=[^\W\d_])")
#: "all.—Now" in old novels: a dash without spaces around it
_DASH = re.compile(r"(?:--+|[—–])(?=[^\s—–-])")
#: second halves of names that are written so: ASP.Net, Node.Js, Example.Com
_NAME_ENDS = frozenset(["com", "net", "org", "io", "js", "ai", "app", "py", "md", "txt"])
_FRENCH_CLOSER = " »"
_KATAKANA = re.compile("[ァ-ヿ]")  #: on both sides of a stop: a domain, or two names
_LETTER_BEFORE = re.compile(r"[^\W\d_]$")
_CLOSING_QUOTES = frozenset('"”»」』')
_SAYS_SO = frozenset("とっ")  # 「はい。」と言った is one sentence: "...", he said


class MarkVerdict(Enum):
    """What a mark means for its sentence."""

    WAIT = "what follows decides"
    GO_ON = "the sentence goes on"
    INNER = "the sentence goes on, but here it may be broken if it gets too long"
    END = "the sentence ends"


def judge_mark(text: str, mark: re.Match[str], language: str, quote: OpenQuotes) -> tuple[MarkVerdict, int]:
    """What a mark in `text` means, and the index behind it and all that belongs to it.

    `mark`: found by the pattern of `boundary.mark_pattern`. `quote` is read on up to the mark. A verdict other than
    WAIT does not depend on anything that may still follow `text`.
    """
    if mark.end() == len(text):
        return MarkVerdict.WAIT, mark.end()
    end = _behind(text, mark, quote)
    at = _next_word(text, end)
    if at == len(text) or _PERHAPS_REFERENCE.match(text, end):
        return MarkVerdict.WAIT, end
    may_end = not _FACTORIAL.match(text, max(0, mark.start(1) - 1)) and _may_end(text, mark, end)
    if not SPEAKABLE.match(text, at) or not may_end:
        return (MarkVerdict.WAIT if may_end is None else MarkVerdict.GO_ON), end
    head = text[max(0, mark.end(1) - CONTEXT_CHARS) : mark.end(1)]
    after = text[at]
    if word_needed(head) or after.islower():
        word = _WORD.match(text, at)
        after = word.group() if word else after
        if at + len(after) == len(text) and len(after) < WORD_CHARS:
            return MarkVerdict.WAIT, end
    gap = " " if text[end] == " " or text[mark.end(1) - 1] in SPACED_MARKS else ""
    goes_on = after[0].islower() and _begins_with_capital(text, mark) and not _begins_with_ellipsis(text, mark, end)
    if goes_on or not (_begins_with_ellipsis(text, mark, end) or ends_sentence(language, head, gap, after)):
        return (MarkVerdict.INNER if after[0].islower() and not word_needed(head) else MarkVerdict.GO_ON), end
    quoted = quote.open_at(end) and not _closer_behind(text, mark.end(), quote)
    verdict = MarkVerdict.INNER if quoted else MarkVerdict.END
    if end > mark.end(1) and not quoted:
        verdict = _behind_quote(text, at, language, gap, after)
    return verdict, end


def _behind(text: str, mark: re.Match[str], quote: OpenQuotes) -> int:
    """The index behind the mark's closing quotes, of which French puts one behind a space, and its references."""
    end = mark.end()
    quote.read(text, end)
    end += _closer_behind(text, end, quote)  # not read: the same mark may be weighed again when more is known
    references = _REFERENCES.match(text, end)
    end = references.end() if references else end
    note = _NOTE.match(text, end)
    return note.end() if note and end == mark.end(1) and _may_have_note(text, mark) else end


def _closer_behind(text: str, end: int, quote: OpenQuotes) -> int:
    """How long the mark is that closes the open quotation and is no mark's closer: French `. »`, and `."She`."""
    if text.startswith(_FRENCH_CLOSER, end) and quote.closes_with("»"):
        return len(_FRENCH_CLOSER)
    return int(text.startswith('"', end) and quote.closes_with('"'))


def _next_word(text: str, end: int) -> int:
    """The index of the next letter, digit or break behind `end`, or where looking for one was given up."""
    silent = _SILENT.match(text, end)
    return silent.end() if silent else end


def _may_end(text: str, mark: re.Match[str], end: int) -> bool | None:
    """Is the mark followed by a space, where its script puts one, or by a sentence that lacks it? None: too early."""
    last = text[mark.end(1) - 1]
    if last == "．" and text[end].isdigit() and text[mark.start(1) - 1 : mark.start(1)].isdigit():
        return False  # ３．１４
    if text[end] == " " or last not in SPACED_MARKS or _needs_no_space(text, mark, end):
        return True
    if _PERHAPS_NOTE.match(text, end) and end == mark.end(1) and _may_have_note(text, mark):
        return None
    if mark.end(1) - mark.start(1) > 1 or last not in ".!?" or not _ends_whole(text, mark, end):
        return False
    dash = _DASH.match(text, end)
    at = dash.end() if dash else end
    if _PERHAPS_NEXT.match(text, at) and len(text) - at < WORD_CHARS:
        return None
    return _sentence_begins(text, mark, at, quoted=end > mark.end(1))


def _needs_no_space(text: str, mark: re.Match[str], end: int) -> bool:
    """Does the mark stand before a script without capitals: any mark but a stop, which must be between CJK letters?"""
    if mark[1] == "." and mark.start() and CJK_LETTER.match(text, mark.start() - 1):
        is_name = _KATAKANA.match(text, mark.start() - 1) and _KATAKANA.match(text, end)
        return bool(CJK_LETTER.match(text, end)) and not is_name
    last = text[mark.end(1) - 1]
    return (last in "!?" or (last == "…" and end > mark.end(1))) and _is_caseless(text[end])


def _is_caseless(character: str) -> bool:
    """Is it of a script without capitals, or of CJK's punctuation?"""
    return bool(CJK.match(character)) or (character > "\u0590" and unicodedata.category(character) == "Lo")


def _sentence_begins(text: str, mark: re.Match[str], at: int, *, quoted: bool) -> bool:
    """Does a sentence begin at an index right behind the mark, or behind a quotation, where a space is missing?"""
    following = _NEXT_SENTENCE.match(text, at)
    if following is None:
        return False
    word = following.group().lstrip('"“‘«¿¡(')
    if _ROMAN_NUMBER.fullmatch(word):
        return bool(_LONG_WORD.match(_before(text, mark)[-4:]))
    last = _LAST_WORD.search(text, max(0, mark.start(1) - WORD_CHARS), mark.start(1))
    is_name = (
        not quoted and mark[1] == "." and text.startswith(".", following.end()) and not (last and last[0].islower())
    )
    if is_name and word not in _TITLES:
        return False  # System.Out. and its like
    return _is_sentence_start(word)


def _begins_with_ellipsis(text: str, mark: re.Match[str], end: int) -> bool:
    """Does a word with an ellipsis before it follow the stop of a whole word?"""
    return mark[1] == "." and bool(_LONG_WORD.match(_before(text, mark)[-4:]) and _ELLIPSIS_WORD.match(text, end))


def _ends_whole(text: str, mark: re.Match[str], end: int) -> bool:
    """Does a whole word or a whole number end at the mark, or a quotation behind it, at `end`?"""
    before = text[max(0, mark.start(1) - WORD_CHARS) : mark.start(1)]
    if any(char in _CLOSING_QUOTES for char in text[mark.end(1) : end]):
        return _LETTER_BEFORE.search(before) is not None
    word = before if mark[1] in "!?" and before[-1:].isalpha() else _before(text, mark)
    return bool(_WHOLE_WORD.search(word) or (mark[1] == "." and _WHOLE_NUMBER.search(before)))


def _is_sentence_start(word: str) -> bool:
    """Could a sentence start with this word: a capital, and no other?"""
    return word[0].isupper() and (len(word) == 1 or word[1:].islower()) and word.lower() not in _NAME_ENDS


def _before(text: str, mark: re.Match[str]) -> str:
    """The word before a mark, or its end, if it is lower case there; else nothing."""
    before = text[max(0, mark.start(1) - WORD_CHARS) : mark.start(1)]
    return before if before[-2:].islower() else ""


def _may_have_note(text: str, mark: re.Match[str]) -> bool:
    """Is a digit behind this mark the number of a note, since a whole word stands before it and no abbreviation?"""
    before = text[max(0, mark.start(1) - 2) : mark.start(1)]
    return mark.group(1) in ".!?" and bool(_LONG_WORD.match(_before(text, mark)[-4:]) or _IN_BRACKETS.search(before))


def _begins_with_capital(text: str, mark: re.Match[str]) -> bool:
    """Does the sentence that holds the mark begin with a capital? Then the next one would, too.

    Nothing is known of one that begins with a digit, and a short word before the mark may be an abbreviation.
    """
    first = _LETTER_OR_DIGIT.search(text, 0, mark.start())
    if first is not None and first.group().isdigit():
        return _AFTER_SHORT_WORD.search(text, 0, mark.start(1)) is not None
    return first is not None and first.group().isupper()


def _behind_quote(text: str, at: int, language: str, gap: str, after: str) -> MarkVerdict:
    """Whether a sentence ends behind a quotation, or goes on with words about it that begin at an index."""
    if after[0].islower() or (not gap and after[0] in _SAYS_SO):
        return MarkVerdict.INNER
    tagged = has_quotation_tag(text, at, language)
    if tagged is None:
        return MarkVerdict.WAIT
    return MarkVerdict.INNER if tagged else MarkVerdict.END
