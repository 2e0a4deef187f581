"""The pronunciation of a sentence: its text into phonemes for hibari's model, without loss.

hibari drops what it cannot read, and takes `[word](/phonemes/)` for markup. Here a sentence with words of other scripts
is refused; letters that it does not know lose their accents, not their sound; long unknown words are pronounced in
parts, of which its network would keep the first. A sentence is one line to hibari, because Seriatim has cut the text:
hibari's own cutter would part "the U.S. Army". What has more phonemes than the model takes well is cut here.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

from seriatim.errors import BadInput
from seriatim.nearest_names import QUOTED_CHARS
from seriatim.text.scripts import words_in_other_scripts

#: phonemes in one pass: 25 s of sound, 0.35 GB; memory and time grow with the square
MOST_PHONEMES = 400
BRACKETS = str.maketrans("[]", "()")
POWER = re.compile(r"[⁰¹²³⁴-⁹]+")  #: of these hibari reads two, each alone
SQUARED_CUBED = frozenset("²³")
#: signs that hibari speaks; of other currencies and mathematics it drops each without a word
SPOKEN_SIGNS = frozenset("¢+±×÷=<>→~|")
PREFIXED = frozenset("$£€¥₹")  #: it speaks them before a number alone
PLURALS = {"$": "dollars", "£": "pounds", "€": "euros", "₹": "rupees", "₽": "rubles", "−": "minus", "‰": "per mille"}
CUTS = (re.compile(r"(?<=[;:.!?…—])\s+"), re.compile(r"(?<=,)\s+"), re.compile(r"\s+"))  #: the best places first


def readable(text: str, letters: frozenset[str], engine: str = "hibari") -> str:
    """The sentence as hibari reads it whole, for `engine`; `letters` are those it knows.

    Raises:
        BadInput: words in another script, and what to do.
    """
    if foreign := words_in_other_scripts(text):
        found = " ".join(foreign)[:QUOTED_CHARS]
        raise BadInput(
            f"the {engine} engine reads English only, and this sentence has {found!r}: speak it with another engine "
            "(--engine espeak reads any script), or skip it with gap=skip"
        )
    composed = _spell_signs(POWER.sub(_power, unicodedata.normalize("NFC", text.translate(BRACKETS))))
    return "".join(char if char in letters or not _decomposable(char) else _plain(char) for char in composed)


def in_parts(pronounce: Any, longest: int) -> Callable[[str], str | None]:
    """A function that pronounces unknown words of any length with one that reads `longest` letters and drops the rest.

    Whether a word is known is not looked up here: hibari asks only for words that its dictionary lacks.
    """

    def pronounce_parts(word: str) -> str | None:
        parts = [word[at : at + longest] for at in range(0, len(word), longest)]
        return "".join(filter(None, map(pronounce, parts))) or None

    return pronounce_parts


def pieces(phonemes: str, most: int = MOST_PHONEMES) -> Iterator[str]:
    """The phonemes in pieces of at most `most`, cut behind the latest mark of the strongest kind in the second half."""
    rest = phonemes.strip()
    while len(rest) > most:
        at = _cut_of(rest, most)
        yield rest[:at].rstrip()
        rest = rest[at:].lstrip()
    if rest:
        yield rest


def _cut_of(phonemes: str, most: int) -> int:
    for mark in CUTS:
        found = [each.end() for each in mark.finditer(phonemes[: most + 1]) if each.start() > most // 2]
        if found:
            return found[-1]
    return most


def _power(found: re.Match[str]) -> str:
    """Write a power with `^`: hibari reads `10^6` as "10 to the power of 6"."""
    return found[0] if found[0] in SQUARED_CUBED else "^" + unicodedata.normalize("NFKD", found[0])


def _spell_signs(text: str) -> str:
    """Write out the signs that hibari would drop: `5 €` is "5 euros", `a ≤ b` is "a less-than or equal to b"."""
    followers = zip(text, f"{text} "[1:], strict=True)
    return "".join(f" {_sign_name(char)} " if _is_dropped(char, after) else char for char, after in followers)


def _is_dropped(char: str, after: str) -> bool:
    is_sign = unicodedata.category(char) in ("Sc", "Sm") or char in PLURALS
    return is_sign and char not in SPOKEN_SIGNS and not (char in PREFIXED and after.isdecimal())


def _sign_name(char: str) -> str:
    return PLURALS.get(char) or unicodedata.name(char).lower().removesuffix(" sign")


def _decomposable(char: str) -> bool:
    return char.isalpha() or (char.isdigit() and not char.isdecimal() and char not in SQUARED_CUBED)


def _plain(letter: str) -> str:
    """The letter or digit without what hibari does not know of it: `ễ` is `e`, a digit in a circle is a digit."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", letter)))
