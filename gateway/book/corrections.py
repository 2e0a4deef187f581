"""Corrections of single sentences of a chapter, in the order in which they were made. Pure.

A corrected chapter has a key of its own, made of the chapter's key and its corrections. So its audio is another file,
and a chapter with corrections is complete, kept and removed as any other one.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

#: between the seeds of two takes of a sentence; the seeds of a chapter's sentences are consecutive
SEED_STEP = 1_000_003


@dataclass(frozen=True, slots=True)
class Correction:
    """A sentence that is spoken again."""

    seq: int  #: of the sentence in its chapter, 0-based
    text: str = ""  #: spoken instead; "": the same text
    take: int = 0  #: each has another seed; 0: the first one's


def corrected_key(key: str, corrections: Sequence[Correction]) -> str:
    """The key of a chapter with corrections."""
    if not corrections:
        return key
    content = json.dumps([key, [asdict(correction) for correction in corrections]], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[: len(key)]


def next_take(corrections: Sequence[Correction], seq: int) -> int:
    """The number of a take of a sentence that no earlier correction has used."""
    return 1 + max((correction.take for correction in corrections if correction.seq == seq), default=0)


def last_text(corrections: Sequence[Correction], seq: int) -> str:
    """The text of the last correction of a sentence, which another take keeps; "" if there was none."""
    return next((one.text for one in reversed(corrections) if one.seq == seq and one.text), "")


def with_texts_of(corrections: Sequence[Correction], others: Sequence[Correction]) -> tuple[Correction, ...]:
    """The corrections of a chapter in one voice, with the texts that sentences had last in another voice."""
    texts = {one.seq: last_text(others, one.seq) for one in others}
    missing = [Correction(seq, text) for seq, text in texts.items() if text and text != last_text(corrections, seq)]
    return (*corrections, *missing)
