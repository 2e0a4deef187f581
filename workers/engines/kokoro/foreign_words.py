"""Foreign words in a Japanese or Chinese sentence: Latin ones are read as English, digits in words, others refused.

Kokoro has one alphabet for all its languages, so that a Japanese voice can say an English word.
"""

import re
from collections.abc import Callable, Sequence
from typing import Protocol

from seriatim.errors import BadInput
from seriatim.nearest_names import QUOTED_CHARS
from seriatim.text.pronunciation import Pronunciation
from seriatim.text.reading.number_speller import NumberSpeller
from seriatim.text.reading.sentence_reader import read_sentence
from seriatim.text.scripts import LATIN, LETTERS


class FrontEnd(Protocol):
    """The phonemes of a sentence, with the pronunciations of its words that a lexicon has."""

    def __call__(self, text: str, found: Sequence[Pronunciation] = ()) -> str: ...


OPENING, CLOSING = "(“", ")”.,;?!:…"  #: marks without a space behind them, or before
DIGIT = re.compile(r"\d")
_LATIN_RUN = re.compile(rf"({LATIN.pattern}+(?:[ '’&-]+{LATIN.pattern}+)*)")
_SPACES = re.compile(r"\s+")


def digits_in_words(text: str, language: str) -> str:
    """The text with its digits in words; mostly they are before it comes here, unless a user has turned that off."""
    if not DIGIT.search(text):
        return text
    speller = NumberSpeller(language)
    return DIGIT.sub(lambda digit: speller.cardinal(int(digit[0])), read_sentence(text, language))


def in_runs(text: str, own: Callable[[str], str], english: FrontEnd) -> str:
    """The phonemes of a text whose Latin words `english` reads, and `own` the rest; parted by single spaces."""
    written = ""
    for n, part in enumerate(_LATIN_RUN.split(text)):
        sound = (english if n % 2 else own)(part).strip() if part.strip() else ""
        close = not sound or sound[0] in CLOSING or written[-1:] in OPENING
        written += sound if close else f" {sound}"
    return _SPACES.sub(" ", written).strip()


def refuse_unreadable(text: str, language: str) -> None:
    """Refuse letters that are not Latin in what a front-end cannot read itself.

    Raises:
        BadInput: with the letters, and what to do.
    """
    found = "".join(letters for letters in LETTERS.findall(text) if LATIN.sub("", letters))
    if found:
        raise BadInput(
            f"the kokoro engine reads {language} and Latin letters here, and this sentence has {found[:QUOTED_CHARS]!r}"
            ": give a reading by a lexicon, speak it with another engine, or skip it with gap=skip"
        )
