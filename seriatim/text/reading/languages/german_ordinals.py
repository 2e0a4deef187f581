"""German ordinals without an article, `19. Jh.`, `1. FC Köln`, `2. Bundesliga`, and other forms of German numbers."""

import re

from seriatim.text.reading.number_speller import NumberSpeller
from seriatim.text.reading.reading_rule import ReadingRule

_SPELLER = NumberSpeller(
    "de",
    {
        "m": "spellout-cardinal-masculine", "ordinal": "spellout-ordinal", "ordinal-r": "spellout-ordinal-r",
        "ordinal-s": "spellout-ordinal-s",
    },
)  # fmt: skip
#: nouns behind ordinals, by the ending that these have
_NOUNS = {
    "ordinal": "Bundesliga|Liga|Etage|Klasse|Runde|Mannschaft|Halbzeit|Auflage|Generation|Staffel|Person|Lesung|Reihe",
    "ordinal-r": "FC|FSV|Stock|Weltkrieg|Platz|Rang|Teil|Tag|Versuch|Advent|Preis|Akt|Aufzug|Senat|Vorsitzende[rn]?",
    "ordinal-s": "Jh\\.|Jahrhundert|Kapitel|OG|UG|Obergeschoss|Semester|Quartal|Jahrtausend|Buch|Halbjahr",
}
_ORDINAL = re.compile(
    r"(?:(?<=[,(;:–]\s)|^(?=\d+\.\s(?:FC|FSV|Bundesliga|Liga|Weltkrieg)))(?P<n>\d{1,2})\.\s(?P<noun>"
    + "|".join(f"(?P<{form.replace('-', '_')}>{nouns})" for form, nouns in _NOUNS.items())
    + r")(?!\w)"
)
#: 1., 2. und 3. Platz: several of them, of which a noun behind them tells the gender
_SEVERAL = re.compile(
    r"(?:(?<=[,(;:–]\s)|^)(?P<row>\d{1,2}\.(?:,\s\d{1,2}\.){0,8}\s(?:und|oder|bis)\s\d{1,2}\.)\s(?P<noun>[A-ZÄÖÜ]\w+\.?)"
)
#: 8.00 bis 9.30 Uhr: the first of two times
_FIRST_TIME = re.compile(
    r"(?<![\w.,:–-])(?P<h>1?\d|2[0-4])\.(?P<m>[0-5]\d)(?:\s?(?P<to>[-–])\s?|(?=\s(?:bis|und)\s))(?=\s?(?:(?:bis|und)\s)?(?:1?\d|2[0-4])(?:\.[0-5]\d)?\sUhr)"
)


def _ordinal(found: re.Match[str]) -> str:
    form = next(form for form in _NOUNS if found[form.replace("-", "_")])
    return f"{_SPELLER.cardinal(int(found['n']), form)} {found['noun']}"


def _several(found: re.Match[str]) -> str | None:
    """None where the noun is none of those that ordinals stand before."""
    noun = found["noun"]
    form = next((form for form, nouns in _NOUNS.items() if re.fullmatch(rf"(?:{nouns})\.?", noun)), None)
    if form is None:
        return None
    row = re.sub(r"(\d{1,2})\.", lambda number: _SPELLER.cardinal(int(number[1]), form), found["row"])
    return f"{row} {noun}"


def _time(found: re.Match[str]) -> str:
    minutes = f" {_SPELLER.cardinal(int(found['m']))}" if int(found["m"]) else ""
    return f"{_SPELLER.cardinal(int(found['h']), 'm')} Uhr{minutes}{' bis ' if found['to'] else ''}"


def _fold(found: re.Match[str]) -> str:
    """`3fach`, `10-fach`."""
    return f"{_SPELLER.cardinal(int(found['n']), 'm')}fach"


GERMAN_ORDINALS = (
    ReadingRule(_SEVERAL, _several),
    ReadingRule(_ORDINAL, _ordinal),
    ReadingRule(_FIRST_TIME, _time),
    ReadingRule(re.compile(r"(?<![\w.,:–-])(?P<n>\d{1,3})-?fach"), _fold),
)
