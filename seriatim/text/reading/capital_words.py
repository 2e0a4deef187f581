"""Capital words: what is shouted is a word, what abbreviates stays in capitals."""

import re

from seriatim.text.reading.number_grammar import NumberGrammar
from seriatim.text.reading.reading_rule import ReadingRule

_SHOUTED = re.compile(
    r"(?<![\w.&'’-])[^\W\d_a-z]{2,}(?:['’][^\W\d_a-z]{1,3})?(?:[\s,;:—–-]+[^\W\d_a-z]+(?:['’][^\W\d_a-z]{1,3})?){2,}(?![\w&])"
)
#: a comma behind each word makes a list, of abbreviations as often as not: NASA, UNESCO, FBI
_SPACE = re.compile(r"\w[ \u00a0]+\w")
_CAPITALS = re.compile(r"[^\W\d_]+")
_VOWEL = re.compile(r"[AEIOUYÄÖÜÀ-ÖÙ-ÝĄĘÓАЕЁИОУЫЭЮЯİ]")


def capital_rules(_grammar: NumberGrammar) -> list[ReadingRule]:
    """Three words in capitals, one behind the other, are shouted; one alone may be an abbreviation."""
    return [ReadingRule(_SHOUTED, _quiet)]


def _quiet(found: re.Match[str]) -> str | None:
    words = found[0]
    if not words.isupper() or not _SPACE.search(words) or not any(len(word) > 3 for word in _CAPITALS.findall(words)):
        return None
    first = found.start() == 0
    quiet = _CAPITALS.sub(lambda word: word[0].lower() if word[0] != "I" and _VOWEL.search(word[0]) else word[0], words)
    return quiet[0].upper() + quiet[1:] if first else quiet
