"""Clauses and words that fit espeak-ng's buffers: longer ones are parted, because it drops the excess.

espeak reads a text clause by clause into buffers of fixed size and drops what exceeds them without a word: 1,000
phonemes (N_PHONEME_LIST in its translate.h) and 800 bytes (N_TR_SOURCE); of a word 160 bytes (N_WORD_BYTES) and some
110 phonemes (N_WORD_PHONEMES, 200 bytes with their stress). So a break is put where a clause would grow too long, and
a space into what is one word to espeak. Of a letter that stands alone again and again it says three.

What is spelled or called by its name has many phonemes to a letter: costs are in phonemes, measured by espeak's own
events in English, German, French, Spanish and Portuguese, and rounded up.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from seriatim.text.segment.graphemes import are_joined

CLAUSE_COST = 500  #: of 1,000 phonemes
CLAUSE_BYTES = 300  #: of UTF-8; 800 are read at once, and Hangul grows there: 480 lost a seventh of a Korean sentence
WORD_COST = 100
WORD_BYTES = 96  #: of UTF-8; 160 are held
SPELLED, SPELLED_W = 2, 7  #: beside the letter itself: "double u" and its like in other languages
NUMBER = 5  #: beside the digit itself: "seven hundred seventy-seven thousand", in words of their own
REPEATED = 3  #: times that a single letter is said in a clause without others between
DIGITS = 20  #: a longer number has no name; espeak reads digit by digit, and loses those behind the thirtieth
_COSTS = (
    (r"\d", 4),
    (r"[\uac00-\ud7a3]", 3),
    (r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]", 6),
    (r"[\u3041-\u30ff]", 2),
    (r"\w", 1),
    (r"[.,:;!?'’\"()\-]", 4),
    (r"[%&+/=@]", 6),
    (r"[\x21-\xff]", 8),
    (r"\W", 16),
)
_PATTERNS = tuple((re.compile(pattern), cost) for pattern, cost in _COSTS)
_SPELLED = re.compile(r"[A-Z]{2,}|[b-df-hj-np-tv-xz]{5,}")
_LONG_NUMBER = re.compile(rf"\d{{{DIGITS + 1},}}")
_CLAUSE_END = re.compile(
    r"\w[,;:!?،؛。、，；：！？।—–]\W*$"
)  # not "approx.", and espeak hears no comma behind a symbol
_CACHED_WORDS = 8192


def insert_commas(text: str) -> str:
    """The text with breaks where a clause is too long, and too long words parted; no letter of it is missing."""
    parts: list[str] = []
    clause_cost = clause_bytes = 0
    for word in _words(text):
        word_cost, word_bytes = _clause_cost(word), len(word.encode("utf-8", "replace")) + 1
        full = clause_cost + word_cost > CLAUSE_COST or clause_bytes + word_bytes > CLAUSE_BYTES
        if clause_bytes and (full or (len(word) == 1 and parts[-REPEATED:] == [word] * REPEATED)):
            parts[-1] += "," if parts[-1][-1:].isalnum() else "\n\n"
            clause_cost = clause_bytes = 0
        parts.append(word)
        ended = _CLAUSE_END.search(word)
        clause_cost, clause_bytes = (0, 0) if ended else (clause_cost + word_cost, clause_bytes + word_bytes)
    return " ".join(parts)


def _words(text: str) -> Iterator[str]:
    for word in _LONG_NUMBER.sub(lambda digits: " ".join(digits[0]), text).split(" "):
        yield from _pieces(word)


@lru_cache(_CACHED_WORDS)
def _clause_cost(word: str) -> int:
    return sum(_char_costs(word)) + NUMBER * sum(map(str.isdecimal, word))


@lru_cache(_CACHED_WORDS)
def _pieces(word: str) -> tuple[str, ...]:
    costs, pieces, start = _char_costs(word), [], 0
    while start < len(word):
        end = _end(word, costs, start)
        pieces.append(word[start:end])
        start = end
    return tuple(pieces) or ("",)


def _end(word: str, costs: list[int], start: int) -> int:
    """Where the piece that begins at `start` ends: behind a symbol in its second half, or else where it is full."""
    cost = n_bytes = 0
    edge = anywhere = start
    for at in range(start, len(word)):
        cost += costs[at]
        n_bytes += len(word[at].encode("utf-8", "replace"))
        if at > start and not are_joined(word[at - 1], word[at]):
            anywhere = at
            edge = edge if word[at - 1].isalnum() else at
        if at > start and (cost > WORD_COST or n_bytes > WORD_BYTES):
            return edge if edge - start > (at - start) / 2 else (anywhere if anywhere > start else at)
    return len(word)


def _char_costs(word: str) -> list[int]:
    costs = [_char_cost(char) for char in word]
    for run in _SPELLED.finditer(word):
        for at in range(*run.span()):
            costs[at] += SPELLED_W if word[at] in "wW" else SPELLED
    return costs


@lru_cache(_CACHED_WORDS)
def _char_cost(char: str) -> int:
    return next((cost for pattern, cost in _PATTERNS if pattern.match(char)), 1)
