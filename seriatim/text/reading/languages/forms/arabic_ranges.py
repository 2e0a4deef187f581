"""Arabic ranges: both numbers agree with the noun behind them, `5-10 دقائق`, and the second is in the genitive."""

import re

from seriatim.text.reading.languages.arabic_counts import counted, counts, is_feminine
from seriatim.text.reading.reading_rule import ReadingRule

_RANGE = re.compile(
    r"(?<![\w.,:/–-])(?P<low>\d{1,4})(?:\s[-–—]\s|[-–—])(?P<high>\d{1,4})\s(?P<noun>[\u0621-\u064a\u064b]{3,})(?!\w)"
)
_PREPOSITION = re.compile(r"(?<!\w)(?:من|بين|خلال|بعد|قبل|في|لمدة|حوالي|نحو|منذ|عن|إلى)\s\Z")
_BETWEEN = re.compile(r"(?<!\w)بين\s\Z")
_ONE_OR_TWO = {(1, False): "واحد", (1, True): "واحدة", (2, False): "اثنان", (2, True): "اثنتان"}
#: sound plurals and duals, whose endings are spoken: عشرون, ألفان, اثنا عشر
_GENITIVE = (
    (re.compile(r"(?<!\w)(?P<stem>و?(?:عشر|ثلاث|أربع|خمس|ست|سبع|ثمان|تسع))ون(?!\w)"), r"\g<stem>ين"),
    (re.compile(r"(?P<stem>اثن|اثنت|مائت|ألف)ان(?!\w)"), r"\g<stem>ين"),
    (re.compile(r"(?P<stem>اثنت?)ا(?=\sعشر)"), r"\g<stem>ي"),
)


def _genitive(words: str) -> str:
    for pattern, ending in _GENITIVE:
        words = pattern.sub(ending, words)
    return words


def _between(found: re.Match[str]) -> str | None:
    """None where the numbers do not count the word behind them."""
    low, high, noun = int(found["low"]), int(found["high"]), found["noun"]
    if not low < high or not counts(noun):
        return None
    feminine = is_feminine(noun)
    first, last = (_ONE_OR_TWO.get((n, feminine)) or counted(n, feminine=feminine) for n in (low, high))
    first = _genitive(first) if _PREPOSITION.search(found.string, 0, found.start()) else first
    link = " و" if _BETWEEN.search(found.string, 0, found.start()) else " إلى "
    return f"{first}{link}{_genitive(last)} {noun}"


ARABIC_RANGES = (ReadingRule(_RANGE, _between),)
