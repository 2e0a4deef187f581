"""Texts as espeak-ng can hold them: no clause and no word so long that a part of it would be dropped unheard.

espeak reads a text clause by clause into buffers of fixed size (N_PHONEME_LIST 1,000 phonemes, N_TR_SOURCE 800 bytes,
N_WORD_BYTES 160 in its translate.h) and drops what exceeds them without a word: a row of a hundred years lost half of
itself, as did 294 characters of Korean without a comma. So a comma is put where a clause would grow too long.
"""

import re
from collections.abc import Iterator

from tasks.estimate import estimate_ms

CLAUSE_MS = 30_000  #: estimated sound of a clause; 1,000 phonemes are about 70 s
CLAUSE_BYTES = 300  #: of UTF-8; 800 are read at once, and Hangul grows there: 480 lost a seventh of a Korean sentence
WORD_BYTES = 96  #: of UTF-8; 160 are held
SPELLED_MS = 600  #: a letter of an acronym, beside its estimate: a row of them lost a fifth of itself
_SPELLED = re.compile(r"[A-Z](?=[A-Z])|(?<=[A-Z])[A-Z]")
_CLAUSE_END = re.compile(r"[,;:.!?…،؛。、，；：！？।—–]\W*$")


def fitted(text: str) -> str:
    """The text with a comma where a clause is too long, and too long words parted; no letter of it is missing."""
    parts: list[str] = []
    clause_ms = clause_bytes = 0
    for word in _words(text):
        word_ms = estimate_ms(word) + SPELLED_MS * len(_SPELLED.findall(word))
        word_bytes = len(word.encode("utf-8", "replace")) + 1
        if clause_bytes and (clause_ms + word_ms > CLAUSE_MS or clause_bytes + word_bytes > CLAUSE_BYTES):
            parts[-1] += ","
            clause_ms = clause_bytes = 0
        parts.append(word)
        ended = _CLAUSE_END.search(word)
        clause_ms, clause_bytes = (0, 0) if ended else (clause_ms + word_ms, clause_bytes + word_bytes)
    return " ".join(parts)


def _words(text: str) -> Iterator[str]:
    for word in text.split(" "):
        piece, n_bytes = "", 0
        for char in word:
            size = len(char.encode("utf-8", "replace"))
            if n_bytes + size > WORD_BYTES:
                yield piece
                piece, n_bytes = "", 0
            piece, n_bytes = piece + char, n_bytes + size
        yield piece
