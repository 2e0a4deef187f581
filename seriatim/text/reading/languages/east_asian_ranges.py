"""East Asian ranges: `3～5日`, `20~30%`, with marks that other languages use for "about"."""

import re

from seriatim.text.reading.reading_rule import ReadingRule

_N = r"\d+(?:\.\d+)?"
_BEFORE_PERCENT = re.compile(rf"(?<=\d)[~～〜](?={_N}%)")
_RANGE = re.compile(rf"(?<![\d.-])(?P<n>{_N}(?P<percent>%)?)\s?[-–—~～〜]\s?(?={_N}(?(percent)%|(?:℃|[^\W\d_A-Za-z])))")


def east_asian_ranges(word: str) -> tuple[ReadingRule, ReadingRule]:
    """The rules of ranges before counters; `word` stands between two numbers."""
    return (
        ReadingRule(_BEFORE_PERCENT, lambda _found: "-"),
        ReadingRule(_RANGE, lambda found: f"{found['n']}{word}"),
    )
