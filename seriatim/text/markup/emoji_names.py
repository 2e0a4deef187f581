"""Names of emoji: in English by Unicode's own names, in other languages by the extra `emoji`, with those of CLDR."""

import unicodedata
from functools import cache
from importlib import import_module
from itertools import groupby
from types import ModuleType

from seriatim.text.languages import base_language

TONES = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
#: where people say something else than Unicode
_NAMES = {"❤": "red heart", "♥": "heart", "✅": "check mark", "✔": "check mark", "⭐": "star", "🔟": "10"}
_WITHOUT_TONES = str.maketrans("", "", TONES)
_EDGE = "\0"  #: around a name, until it is written
_COMMAS = {"ar": "، ", "fa": "، ", "ja": "、", "zh": "、"}


def english_name(character: str) -> str:
    """The name of one emoji, in small letters; the letters of its country for a flag."""
    if len(character) == 2:
        return "flag " + " ".join(chr(ord(letter) - 0x1F1E6 + ord("A")) for letter in character)
    name = unicodedata.name(character, "").lower().removesuffix(" sign").removesuffix(" symbol")
    return _NAMES.get(character, name)


def names_in(run: str, language: str) -> str:
    """The names of emoji in a row, each once in a row; "" where they are not known in a language, BCP 47."""
    package, base = _package(), base_language(language)
    if package is None or base not in package.LANGUAGES:
        return ""
    named = package.demojize(run.translate(_WITHOUT_TONES), language=base, delimiters=(_EDGE, _EDGE))
    names = (name.replace("_", " ").strip("\u200d\ufe0f ") for name in named.split(_EDGE))
    return _COMMAS.get(base, ", ").join(name for name, _ in groupby(filter(None, names)))


def emoji_of(name: str, language: str) -> str:
    """The emoji that a name between colons stands for, in a language whose names are known; "" otherwise."""
    package = _package()
    if package is None or base_language(language) not in package.LANGUAGES:
        return ""
    emoji: str = package.emojize(f":{name}:", language="alias")
    return "" if emoji.startswith(":") else emoji


@cache
def _package() -> ModuleType | None:
    """The package, loaded when a text first needs it; None: it is not installed."""
    try:
        return import_module("emoji")
    except ImportError:
        return None
