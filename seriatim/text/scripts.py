"""Scripts of a text: which of its words an engine for the Latin script cannot read. Pure."""

import re

#: letters of the Latin script, with accents, ligatures, phonetic and wide forms; letters that are used as symbols
LATIN = re.compile(
    r"[A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u1d00-\u1dbf\u1e00-\u1eff\u2071\u207f"
    r"\u2090-\u209c\u2100-\u2188\u2c60-\u2c7f\ua720-\ua7ff\uab30-\uab6f\ufb00-\ufb06\uff21-\uff3a\uff41-\uff5a"
    r"\U0001d400-\U0001d7ff]"
)
WORD = re.compile(r"\S+")
LETTERS = re.compile(r"[^\W\d_]+")
GREEK_LETTER = re.compile(r"[\u0370-\u03ff]")  #: alone it is a symbol, such as the one of a circle's ratio


def words_in_other_scripts(text: str) -> list[str]:
    """Return the words with letters that are not Latin, in order; a Greek letter alone is a symbol."""
    return [word for word in WORD.findall(text) if any(map(_in_other_script, LETTERS.findall(word)))]


def _in_other_script(letters: str) -> bool:
    other = not letters.isascii() and any(each.isalpha() and not LATIN.match(each) for each in letters)
    return other and not GREEK_LETTER.fullmatch(letters)
