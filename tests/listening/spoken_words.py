"""Spoken words: a text as a list of words in which "$47" and "forty-seven dollars" are the same."""

import re
import unicodedata

from num2words import num2words
from rapidfuzz.distance import Indel

ALIKE = 0.5  #: similarity of two words that a recogniser may take for each other: ferry and fairy, pier and beer
#: spellings that Whisper writes, and the words that are said
SPELLINGS = {
    "dr": "doctor", "mr": "mister", "mrs": "missus", "st": "saint", "ok": "okay", "km": "kilometers", "gray": "grey",
    "percent": "per cent", "harbour": "harbor", "colour": "color", "neighbour": "neighbor", "kilometres": "kilometers",
}  # fmt: skip
THOUSANDS = re.compile(r"(?<=\d),(?=\d{3})")
MONEY = re.compile(r"([$£€])\s?(\d+(?:\.\d+)?)")
CURRENCIES = {"$": "dollars", "£": "pounds", "€": "euros"}
ORDINAL = re.compile(r"\b(\d+)(?:st|nd|rd|th)\b")
NUMBER = re.compile(r"\d+(?:\.\d+)?")
WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def words_of(text: str) -> list[str]:
    """The words of an English text as they are said, in lower case, with numbers written out."""
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'").replace("%", " percent ")
    text = MONEY.sub(lambda found: f"{found[2]} {CURRENCIES[found[1]]}", THOUSANDS.sub("", text))
    text = ORDINAL.sub(lambda found: f" {num2words(int(found[1]), to='ordinal')} ", text)
    text = NUMBER.sub(lambda found: f" {num2words(found[0])} ", text)
    return [part for word in WORD.findall(text) for part in SPELLINGS.get(word, word).split() if part != "and"]


def sounds_alike(one: str, other: str) -> bool:
    """Return whether a recogniser may write one word for the other."""
    return Indel.normalized_similarity(one, other) >= ALIKE
