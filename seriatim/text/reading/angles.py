"""Angles: `45° 30' 15" N` in degrees, minutes and seconds, with their bearing."""

import re

from seriatim.text.reading.language_rules import Noun
from seriatim.text.reading.number_grammar import NumberGrammar
from seriatim.text.reading.reading_rule import ReadingRule

#: bearings behind an angle, as each language writes and says them
_BEARINGS = {
    "de": "N Nord S Süd O Ost E Ost W West",
    "en": "N north S south E east W west",
    "es": "N norte S sur E este O oeste W oeste",
    "fr": "N nord S sud E est O ouest W ouest",
    "it": "N nord S sud E est O ovest W ovest",
    "nl": "N noord Z zuid S zuid O oost E oost W west",
    "pl": "N północ S południe E wschód W zachód",
    "pt": "N norte S sul L leste E leste O oeste W oeste",
    "tr": "K kuzey G güney D doğu B batı N kuzey S güney E doğu W batı",
    "ru": "с.ш. северной_широты ю.ш. южной_широты в.д. восточной_долготы з.д. западной_долготы N северной_широты "
    "S южной_широты E восточной_долготы W западной_долготы",
}  # fmt: skip
#: groups of an angle, and their units
_PARTS = (("n", "°"), ("m", "min"), ("s", "s"))


def angle_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """The rules of angles in one language; none where its units have no names."""
    units = grammar.rules.units
    if not {"°", "min", "s"} <= units.keys():
        return []
    words = _BEARINGS.get(grammar.rules.tag, "").split()
    bearings = {letter: name.replace("_", " ") for letter, name in zip(words[::2], words[1::2], strict=True)}
    written = "|".join(re.escape(letter).replace(r"\.", r"\.\s?") for letter in bearings) or "(?!)"
    to = rf"\s?(?P<to>{written})(?![\w-])"

    def angle(found: re.Match[str]) -> str:
        parts = [grammar.counted(found[of].lstrip("0") or "0", units[of_unit]) for of, of_unit in _PARTS if found[of]]
        return grammar.gap.join([*parts, *([_bearing(found)] if found["to"] else [])])

    def _bearing(found: re.Match[str]) -> str:
        name = bearings[re.sub(r"\s", "", found["to"])]
        return name + ("." if found["to"].endswith(".") and found.end() == len(found.string) else "")

    def bearing(found: re.Match[str]) -> str:
        return f"{found['degree']} {_bearing(found)}"

    if grammar.rules.tag in ("zh", "cmn"):
        units = {**units, "min": Noun("-", ("分",)), "s": Noun("-", ("秒",))}
    n = grammar.number
    minutes, seconds = r"(?P<m>[0-5]?\d)\s?['′’]", rf"(?P<s>(?!\d{{3}}){n})\s?(?:[\"″”]|''|′′)"
    return [
        ReadingRule(re.compile(rf"{grammar.before}(?P<n>\d{{1,3}})\s?°\s?{minutes}(?:\s?{seconds})?(?:{to})?"), angle),
        ReadingRule(re.compile(r"(?<=\d)\s?°\s(?=[CF](?![\w'’-]))"), lambda _found: " °"),
        ReadingRule(re.compile(rf"(?P<degree>\d\s?°){to}"), bearing),
    ]
