"""Make the list of short words that end sentences before numbers: `python -m bench.text.short_words`.

The words are those of stopwords-iso (MIT, https://github.com/stopwords-iso/stopwords-iso) with two to four letters that
no rule takes for an abbreviation before a capital. Left out are those that stand before numbers. short_words.md has
their licence.
"""

import re
from pathlib import Path

import stopwordsiso

from seriatim.text.segment import common_words
from seriatim.text.segment.sentence_boundary import ends_sentence

TARGET = Path(common_words.__file__).with_name("short_words.txt")
LETTERS = range(2, 5)
#: numbered things, and what precedes amounts
NUMBERED = frozenset(
    ["abs", "alt", "app", "art", "bhd", "bis", "ca", "cap", "cca", "ex", "ext", "fig", "gl", "godz", "kap", "klo",
     "mac", "mohd", "no", "nr", "nro", "ogos", "ok", "okt", "pag", "par", "pos", "sec", "sek", "str", "tab", "tel",
     "ver", "vers", "vol"]
)  # fmt: skip
ROMAN = re.compile("[ivx]+")
#: that write with capitals, each with those that share its words; English has its own list
LANGUAGES = (
    "af", "bg", "ca", "cs", "da", "de", "el", "es", "et", "eu", "fi", "fr", "gl", "hr,bs", "hu", "id", "it", "lt", "lv",
    "ms", "nl", "no,nb,nn", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "tr", "uk", "vi",
)  # fmt: skip
#: a sentence before the word, and a name behind it, in the letters of each language
AROUND = {"bg": ("Той видя", "Павел"), "el": ("Είδε τον", "Παύλος"), "ru": ("Он видел", "Павел"),
          "uk": ("Він бачив", "Павло")}  # fmt: skip


def short_words(language: str) -> list[str]:
    """The words of a language, sorted."""
    words = {word for word in stopwordsiso.stopwords(language) if word.isalpha() and not ROMAN.fullmatch(word)}
    return sorted(word for word in words - NUMBERED if len(word) in LETTERS and _is_missing(language, word))


def _is_missing(language: str, word: str) -> bool:
    """Does a stop behind the word end a sentence before a capital, and not yet before a number?"""
    before, name = AROUND.get(language, ("Bara bere", "Borneo"))
    head = f"{before} {word}."
    return ends_sentence(language, head, " ", name) and not ends_sentence(language, head, " ", "5")


def main() -> None:
    """Write the list."""
    rows = [f"{tags} {' '.join(short_words(tags.partition(',')[0]))}" for tags in LANGUAGES]
    TARGET.write_text("\n".join(rows) + "\n", "utf-8")


if __name__ == "__main__":
    main()
