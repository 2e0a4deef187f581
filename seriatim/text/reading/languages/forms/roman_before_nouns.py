"""Roman numerals before the word that they number: `IV. Kapitel`, `IV capítulo`, `IV rozdział`, `IV Chapter`."""

import re
from collections.abc import Callable

from seriatim.text.reading.language_rules import LanguageRules
from seriatim.text.reading.reading_rule import ReadingRule

_FEMININE = {
    "de": frozenset(["szene", "klasse", "stufe"]), "es": frozenset(["parte", "escena", "sección"]),
    "it": frozenset(["parte", "scena", "sezione"]), "pl": frozenset(["część", "księga", "scena", "klasa"]),
    "pt": frozenset(["parte", "cena", "seção", "secção"]),
    "ru": frozenset(["глава", "часть", "книга", "сцена", "статья"]),
}  # fmt: skip
_NEUTER = {"de": frozenset(["kapitel"])}
#: the argument of a language's `ordinal` for a masculine, a feminine and a neuter noun
_MARKS = {"en": ("", ""), "es": (".º", ".ª"), "it": ("º", "ª"), "nl": ("e", "e"), "pl": ("", "-ta"), "pt": ("º", "ª"),
          "ru": ("-й", "-я")}  # fmt: skip
#: a name, whose numeral it is, or a word that another numeral follows: Henry IV Part I, Act IV Scene I
_NAME_BEFORE = re.compile(
    r"(?<!\w)(?!(?:El|La|Il|Le|Lo|O|A|Os|As|Das|Der|Die|De|Het|The)\s)[^\W\d_a-zа-я][^\W\d_]+\s\Z"
)
#: of one letter: words of their own where no stop follows, as I in English and Polish
_SINGLE = {"en": "", "pl": "VX", "ru": "VX"}
_NUMERAL = r"(?=[IVX])(?:X{0,3})(?:IX|IV|V?I{0,3})"


def before_nouns(rules: LanguageRules, value: Callable[[str], int]) -> list[ReadingRule]:
    """The rule of these numerals; `value` is the number that a numeral stands for."""
    if rules.tag not in _MARKS and rules.tag != "de":
        return []
    heads = "|".join(sorted(map(re.escape, rules.roman_heads), key=len, reverse=True))

    feminine, neuter = _FEMININE.get(rules.tag, frozenset()), _NEUTER.get(rules.tag, frozenset())

    def read(found: re.Match[str]) -> str | None:
        roman, head = found["roman"], found["head"]
        if len(roman) == 1 and not found["stop"] and roman not in _SINGLE.get(rules.tag, "IVX"):
            return None
        if _NAME_BEFORE.search(found.string, 0, found.start()):
            return None
        gender = "f" if head.lower() in feminine else "n" if head.lower() in neuter else "m"
        words = _german(rules, value(roman), gender) if rules.tag == "de" else _ordinal(rules, value(roman), gender)
        return f"{words} {head}" if words else None

    pattern = rf"(?<!\w)(?P<roman>{_NUMERAL})(?P<stop>\.?)\s(?P<head>(?i:{heads}))(?!\w)"
    return [ReadingRule(re.compile(pattern), read)]


def _ordinal(rules: LanguageRules, number: int, gender: str) -> str | None:
    return rules.ordinal(number, _MARKS[rules.tag][gender == "f"], "")


def _german(rules: LanguageRules, number: int, gender: str) -> str:
    """Without an article: vierter Teil, vierte Szene, viertes Kapitel."""
    masculine = rules.speller.cardinal(number, "ordinal-r")
    return {"m": masculine, "f": masculine.removesuffix("r"), "n": masculine.removesuffix("r") + "s"}[gender]
