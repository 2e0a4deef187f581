"""East Asian ranges: `3～5日`, `20~30%`, with marks that other languages use for "about"."""

import re

from seriatim.text.reading.reading_rule import ReadingRule

_N = r"\d+(?:\.\d+)?"
_BEFORE_PERCENT = re.compile(rf"(?<=\d)[~～〜](?={_N}%)")
_RANGE = re.compile(
    rf"(?<![\d.-])(?P<n>{_N}(?P<percent>%)?)\s?[-–—~～〜]\s?(?=(?P<high>{_N})(?(percent)%|(?:℃|[^\W\d_A-Za-z])))"
)


def _rises(found: re.Match[str]) -> bool:
    """Is the second number the greater one? Else it is a score: 3-1."""
    return "-" not in found[0] or float(found["n"].rstrip("%")) < float(found["high"])


def east_asian_ranges(word: str) -> tuple[ReadingRule, ReadingRule]:
    """The rules of ranges before counters; `word` stands between two numbers."""
    return (
        ReadingRule(_BEFORE_PERCENT, lambda _found: "-"),
        ReadingRule(_RANGE, lambda found: f"{found['n']}{word}" if _rises(found) else None),
    )
