"""Graphemes: a part of Unicode's grapheme clusters (UAX 29), by category and by neighbours."""

import unicodedata

_JOINER = "\u200d"
_MARKS = frozenset({"Mn", "Mc", "Me"})
#: small kana and the long vowel mark change the sound of the kana before them
_TRAILING_KANA = frozenset("ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮー")


def are_joined(before: str, after: str) -> bool:
    """Do two neighbouring characters belong to what is seen, or spoken, as one?

    Regional indicators count as joined always: between two flags there is a better place close by.
    """
    if before == _JOINER or after in "\u200c\u200d" or after in _TRAILING_KANA:
        return True
    if unicodedata.category(after) in _MARKS or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True
    if _is_virama(before) or (is_regional(before) and is_regional(after)):
        return True
    return "\u1160" <= after <= "\u11ff"  # vowels and finals of Hangul written in single letters


def _is_virama(char: str) -> bool:
    return unicodedata.combining(char) == 9  # the canonical class of the signs that suppress an Indic vowel


def is_regional(char: str) -> bool:
    """Is it half of a flag?"""
    return "\U0001f1e6" <= char <= "\U0001f1ff"
