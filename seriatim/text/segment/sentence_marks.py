"""Weighs one mark in its surroundings: does the sentence end there, go on, or is it too early to say?"""

import re
from enum import Enum

from seriatim.text.segment.character_classes import CJK, SPEAKABLE
from seriatim.text.segment.quotes import OpenQuotes
from seriatim.text.segment.sentence_boundary import CONTEXT_CHARS, SPACED_MARKS, ends_sentence, word_needed

#: how far to look for the next word; emoji and the like that fill it belong to the sentence before
LOOK_CHARS = 64
#: a word longer than this is no month, title or sentence starter
WORD_CHARS = 24

_SILENT = re.compile(rf"(?:[^\w\n\f]|_){{0,{LOOK_CHARS}}}")
_WORD = re.compile(rf"[^\s()\[\]{{}}<>\"“”«»]{{1,{WORD_CHARS}}}")
_REFERENCES = re.compile(r"(?:\[\d{1,3}\])*")  # word.[12] as in an encyclopedia
_PERHAPS_REFERENCE = re.compile(r"\[\d{0,3}\Z")
_FRENCH_CLOSER = " »"
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
    if not SPEAKABLE.match(text, at) or not _may_end(text, mark, end):
        return MarkVerdict.GO_ON, end
    head = text[max(0, mark.end(1) - CONTEXT_CHARS) : mark.end(1)]
    after = text[at]
    if word_needed(head) or after.islower():
        word = _WORD.match(text, at)
        after = word.group() if word else after
        if at + len(after) == len(text) and len(after) < WORD_CHARS:
            return MarkVerdict.WAIT, end
    gap = " " if text[end] == " " else ""
    if not ends_sentence(language, head, gap, after):
        return (MarkVerdict.INNER if after[0].islower() and not word_needed(head) else MarkVerdict.GO_ON), end
    quoted = quote.open_at(end) and not text.startswith(_FRENCH_CLOSER, mark.end())
    inner = quoted or (end > mark.end(1) and _is_told(gap, after))
    return (MarkVerdict.INNER if inner else MarkVerdict.END), end


def _behind(text: str, mark: re.Match[str], quote: OpenQuotes) -> int:
    """The index behind the mark's closing quotes, of which French puts one behind a space, and its references."""
    end = mark.end()
    quote.read(text, end)
    if text.startswith(_FRENCH_CLOSER, end) and quote.closes_with("»"):
        end += 2  # not read on to here: the same mark may be weighed again when more is known
    references = _REFERENCES.match(text, end)
    return references.end() if references else end


def _next_word(text: str, end: int) -> int:
    """The index of the next letter, digit or break behind `end`, or where looking for one was given up."""
    silent = _SILENT.match(text, end)
    return silent.end() if silent else end


def _may_end(text: str, mark: re.Match[str], end: int) -> bool:
    """Is the mark followed by a space, where its script puts one?"""
    last = text[mark.end(1) - 1]
    return text[end] == " " or last not in SPACED_MARKS or (last in "!?" and bool(CJK.match(text, end)))


def _is_told(gap: str, after: str) -> bool:
    """Does a sentence go on behind what somebody says in it?"""
    return after[0].islower() or (not gap and after[0] in _SAYS_SO)
