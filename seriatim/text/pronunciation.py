"""A pronunciation: how one place in a sentence is spoken, instead of how it is written. Pure.

On its way to the worker it is a line of text, `START:END RESPELLING /IPA/`, of which either half may be missing.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_SPEECH_CHARS = 500
#: letters and marks of the IPA, and spaces; no digits, no capitals but those of the IPA, no brackets
_IPA = re.compile(r"[a-zæçðøħŋœɐ-ʯʰ-˿θβχʙʀⱱ\u0300-\u036f\u1d00-\u1dff.|‖‿ ˈˌːˑ'ᵻᵊ-]+")
_LINE = re.compile(r"(\d{1,6}):(\d{1,6}) ([^/\n]*?) ?(?:/([^/\n]+)/)?")


@dataclass(frozen=True, slots=True)
class Pronunciation:
    """How `text[start:end]` of a sentence is spoken."""

    start: int  #: 0-based, in characters of the sentence
    end: int  #: behind the last character, above `start`
    respelling: str = ""  #: another spelling, for engines that take no phonemes; "": as it is written
    ipa: str = ""  #: phonemes, in the International Phonetic Alphabet; "": by the respelling


def encode_pronunciations(found: Iterable[Pronunciation]) -> str:
    """Pronunciations as text, for a sentence's record; "" for none."""
    return "\n".join(f"{p.start}:{p.end} {p.respelling}{f' /{p.ipa}/' if p.ipa else ''}" for p in found)


def decode_pronunciations(encoded: str, n_chars: int) -> tuple[Pronunciation, ...]:
    """Read what `encode_pronunciations` wrote for a sentence of `n_chars` characters; what does not fit is left out."""
    found: list[Pronunciation] = []
    for line in encoded.splitlines():
        match = _LINE.fullmatch(line)
        if not match:
            continue
        start, end = int(match[1]), int(match[2])
        if (found[-1].end if found else 0) <= start < end <= n_chars:
            found.append(Pronunciation(start, end, match[3], match[4] or ""))
    return tuple(found)


def respelled(text: str, pronunciations: Sequence[Pronunciation]) -> str:
    """The text with its respellings; a word that has only phonemes stays as it is written."""
    parts: list[str] = []
    at = 0
    for p in pronunciations:
        parts += [text[at : p.start], p.respelling or text[p.start : p.end]]
        at = p.end
    return "".join(parts) + text[at:]


def is_ipa(phonemes: str) -> bool:
    """Whether this is in the International Phonetic Alphabet, and something."""
    return _IPA.fullmatch(phonemes) is not None


def merged(first: Sequence[Pronunciation], second: Iterable[Pronunciation]) -> tuple[Pronunciation, ...]:
    """Both, in order; of the second, those that overlap none of the first."""
    free = (p for p in second if all(p.end <= own.start or own.end <= p.start for own in first))
    return tuple(sorted((*first, *free), key=lambda p: p.start)) if first else tuple(free)
