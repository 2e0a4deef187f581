"""Raised numbers: powers, as in 10⁻³ and m², and the numbers of notes, which are not read."""

import re

_NUMBER = re.compile(r"[-−]?\d{1,4}")
_EXPONENT = re.compile(r"[nk]")  #: a letter that is one behind a single letter or a number
_RAISED = str.maketrans("0123456789-−+n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻⁺ⁿ")
#: so long a word before a raised number is a word with a note, and no unit or variable with an exponent
_WORD_CHARS = 4


def raised_text(text: str, before: str) -> str | None:
    """What a raised text becomes behind the word `before`; "" for the number of a note, None for what is no number."""
    is_power = before[-1:].isdigit() or (0 < len(before) < _WORD_CHARS and before[-1].isalpha())
    if _EXPONENT.fullmatch(text):
        return f"^{text}" if is_power and (len(before) == 1 or before[-1].isdigit()) else None
    if not _NUMBER.fullmatch(text):
        return None
    if is_power:
        return raised(text)
    return "" if text.isdigit() else None


def raised(text: str) -> str:
    """Digits and their sign, or n, as raised characters."""
    return text.translate(_RAISED)
