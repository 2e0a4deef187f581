"""The dialect of hibari: how a sentence is written so that hibari does not pause inside it.

hibari knows many abbreviations by their stop ("Fig. 3" is figure three) and makes a pause of every other stop. So each
abbreviation is tried with the word behind it, and written in the first form whose phonemes have no stop.
"""

import re
from collections.abc import Callable

from seriatim.text.segment.inner_stops import inner_stops

_LAST_WORD = re.compile(r"\S+$")
_NEXT_WORD = re.compile(r"\s(\w+)")
_DEGREE = re.compile(r"(?<![\w.])[A-Z]\w?\.[A-Z]\w{0,3}(?![\w.])")  #: without its last stop: "Ph.D in"


def hibari_text(text: str, pronounce: Callable[[str], str]) -> str:
    """The sentence as hibari should get it; `pronounce` gives the phonemes of a text."""
    parts: list[str] = []
    start = 0
    for stop in inner_stops(text, "en"):
        found = _LAST_WORD.search(text, start, stop + 1)
        if found:
            following = _NEXT_WORD.match(text, stop + 1)
            form = _without_pause(found[0], following[0] if following else "", pronounce)
            parts += [text[start : found.start()], form]
            start = stop + 1
    made = "".join(parts) + text[start:]
    return _DEGREE.sub(lambda word: _without_pause(f"{word[0]}.", "", pronounce), made)


def _without_pause(word: str, following: str, pronounce: Callable[[str], str]) -> str:
    """The first form of an abbreviation that hibari reads without a stop inside or behind it."""
    plain = word.removesuffix(".")
    forms = (word, plain, plain.replace(".", " "))
    return next((form for form in forms if "." not in pronounce(form + following)), forms[-1])
