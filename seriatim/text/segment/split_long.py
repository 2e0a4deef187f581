"""Split a sentence that is too long: at a clause, else between words or phrases, else between characters."""

import re
from collections.abc import Sequence

from seriatim.text.segment.character_classes import CJK
from seriatim.text.segment.graphemes import are_joined
from seriatim.text.segment.phrase_breaks import EDGE, has_phrases, phrase_ends

_BEHIND = r"[\"'”’»)\]]*"
_PAUSES = re.compile(
    rf"[;:…؛]{_BEHIND}(?= )|(?: [–—-]| ?—)(?= )|[；：…][”」』）]*"  # the greater pauses
    rf"|[,،]{_BEHIND}(?= )|[)\]](?= )|[，、､][”」』）]*"
)
_GREATER = frozenset(";:…؛–—-；：")
#: a part never begins with one of these, though French and others put a space before some
NEVER_FIRST = frozenset("!?:;,.%»”’)]}，、。！？；：」』】》）…ー–—")
PHRASE_CHARS = 24  #: how far back the end of a phrase is looked for, in scripts without spaces


def clause_end(text: str, start: int, stop: int) -> int:
    """The end of the first clause that ends in `start..stop`, or 0."""
    for pause in _PAUSES.finditer(text, 0, stop + 1):
        if start <= pause.end() <= stop:
            return pause.end()
    return 0


def split_index(text: str, limit: int, cap: int, ends: Sequence[int]) -> int:
    """Where to break `text`, which is longer than `limit`: an index from 1 to `limit`.

    `cap`: break no later if it can be helped, since too little would be left. `ends`: where sentences within a
    quotation end, ascending; the last of them up to `cap` is the first choice.
    """
    inner = [end for end in ends if cap // 4 <= end <= cap]
    if inner:
        return inner[-1]
    return _last_clause(text, cap) or _last_word(text, cap, 1) or _last_word(text, limit, cap) or _last_safe(text, cap)


def timed_split_index(text: str, limit: int, cap: int, ends: Sequence[int]) -> int:
    """Where to break `text`, which lasts too long from index `limit` on: an index up to `cap`, or 0.

    As `split_index`, but never within a word: one that goes on beyond the limit is spoken to its end.
    """
    inner = [end for end in ends if limit // 4 <= end <= limit]
    if inner:
        return inner[-1]
    return _last_clause(text, limit) or _last_word(text, limit, 1) or _first_word(text, limit + 1, cap)


def _last_clause(text: str, cap: int) -> int:
    """The end of the last clause up to `cap`: a greater pause in the second half, else any in the last two thirds."""
    pauses = [(m.end(), m.group().strip()[0] in _GREATER) for m in _PAUSES.finditer(text, cap // 3, cap + 1)]
    ends = [(end, greater) for end, greater in pauses if end <= cap]
    greater_ends = [end for end, greater in ends if greater and end >= cap // 2]
    if greater_ends:
        return greater_ends[-1]
    return ends[-1][0] if ends else 0


def _last_word(text: str, cap: int, floor: int) -> int:
    """The last place from `floor` to `cap` between two words, or behind a phrase of a script without spaces."""
    at = next((at for at in range(cap, floor - 1, -1) if _is_between_words(text, at)), 0)
    return at if at == 0 or text[at] == " " else _last_phrase(text, at, floor) or at


def _last_phrase(text: str, cap: int, floor: int) -> int:
    """The end of the last phrase before `cap`, not long before it, or 0; what follows `cap` does not change it."""
    start = max(0, cap - PHRASE_CHARS - EDGE)
    part = text[start : cap + 1]
    if not has_phrases(part):
        return 0
    ends = (start + end for end in reversed(phrase_ends(part)))
    least, most = max(floor, cap - PHRASE_CHARS, 1), cap + 1 - EDGE
    return next((end for end in ends if least <= end <= most and _may_part(text[end - 1], text[end])), 0)


def _first_word(text: str, floor: int, cap: int) -> int:
    """The first such place from `floor` to `cap`, or 0."""
    return next((at for at in range(floor, cap + 1) if _is_between_words(text, at)), 0)


def _is_between_words(text: str, at: int) -> bool:
    here = text[at]
    if here == " ":
        return text[at + 1] not in NEVER_FIRST
    return bool(CJK.match(here) and CJK.match(text[at - 1])) and _may_part(text[at - 1], here)


def _may_part(before: str, after: str) -> bool:
    return after not in NEVER_FIRST and not are_joined(before, after)


def _last_safe(text: str, cap: int) -> int:
    """The end of the last phrase before `cap`, else a place that does not part what is seen as one character.

    Both are looked for in the second half alone.
    """
    if phrase := _last_phrase(text, cap, cap // 2 + 1):
        return phrase
    for at in range(cap, cap // 2, -1):
        if not are_joined(text[at - 1], text[at]):
            return at
    return cap
