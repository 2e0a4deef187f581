"""The buffer limits of espeak-ng: clauses and words beyond them are split, because espeak drops the excess.

espeak reads a text clause by clause into buffers of fixed size and silently drops what exceeds them: 1,000 phonemes
(N_PHONEME_LIST in its translate.h) and 800 bytes (N_TR_SOURCE); for a word 160 bytes (N_WORD_BYTES) and some 110
phonemes (N_WORD_PHONEMES, 200 bytes with their stress). So a break is inserted where a clause would become too long,
and a space where a word would. A single letter that is repeated many times is spoken three times.

Spelled letters and symbols have many phonemes per character: costs are in phonemes, measured by espeak's own events in
English, German, French, Spanish and Portuguese, and rounded up.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from seriatim.text.segment.graphemes import are_joined

CLAUSE_COST = 500  #: of 1,000 phonemes
CLAUSE_BYTES = (
    300  #: of UTF-8; the buffer has 800, and Hangul expands: with 480 a seventh of a Korean sentence was lost
)
WORD_COST = 100
WORD_BYTES = 96  #: of UTF-8; the buffer has 160
SPELLED, SPELLED_W = 2, 7  #: added for a spelled letter: "double u" and its equivalents in other languages
NUMBER = 5  #: added for each digit: "seven hundred seventy-seven thousand"
REPEATED = 3  #: times that espeak speaks a single letter which is repeated within a clause
DIGITS = 20  #: espeak reads longer numbers digit by digit, and drops those after the thirtieth
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
)  # not "approx."; and espeak ignores a comma after a symbol
_CACHED_WORDS = 8192


def insert_commas(text: str) -> str:
    """The text with breaks in clauses that are too long and spaces in words that are; no letter is lost."""
    parts: list[str] = []
    clause_cost = clause_bytes = 0
    for word in _split_words(text):
        word_cost, word_bytes = _clause_cost(word), len(word.encode("utf-8", "replace")) + 1
        full = clause_cost + word_cost > CLAUSE_COST or clause_bytes + word_bytes > CLAUSE_BYTES
        if clause_bytes and (full or (len(word) == 1 and parts[-REPEATED:] == [word] * REPEATED)):
            parts[-1] += "," if parts[-1][-1:].isalnum() else "\n\n"
            clause_cost = clause_bytes = 0
        parts.append(word)
        ended = _CLAUSE_END.search(word)
        clause_cost, clause_bytes = (0, 0) if ended else (clause_cost + word_cost, clause_bytes + word_bytes)
    return " ".join(parts)


def _split_words(text: str) -> Iterator[str]:
    for word in _LONG_NUMBER.sub(lambda digits: " ".join(digits[0]), text).split(" "):
        yield from _split_word(word)


@lru_cache(_CACHED_WORDS)
def _clause_cost(word: str) -> int:
    return sum(_char_costs(word)) + NUMBER * sum(map(str.isdecimal, word))


@lru_cache(_CACHED_WORDS)
def _split_word(word: str) -> tuple[str, ...]:
    costs, pieces, start = _char_costs(word), [], 0
    while start < len(word):
        end = _piece_end(word, costs, start)
        pieces.append(word[start:end])
        start = end
    return tuple(pieces) or ("",)


def _piece_end(word: str, costs: list[int], start: int) -> int:
    """The end of the piece that begins at `start`: after a symbol in its second half, or else where it is full."""
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
