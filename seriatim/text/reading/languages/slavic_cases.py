"""Slavic cases: numbers behind prepositions in Russian and Polish, where preposition and noun leave no doubt.

A preposition that always takes the genitive decides by itself: `до 5 человек`, `do 5 osób`. One that takes several
cases decides together with the ending of the noun: `к 5 часам`, `z 3 osobami`. A noun in the singular behind a
number above one says that the number is an ordinal (`до 5 класса`): such a number is left as it is.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from seriatim.text.reading.language_rules import Noun
from seriatim.text.reading.reading_rule import ReadingRule

_DIGITS = r"(?P<minus>[-−](?=\d))?(?P<n>\d{1,3}(?:[ \u00a0]\d{3})+|\d{1,6})(?![\d\w]|[.,:/]\d|\s?[-–—]\s?\d|-|\s\d)"
_YEARS = range(1100, 2100)


@dataclass(frozen=True, slots=True)
class CaseTable:
    """What cases look like in one language."""

    genitive_heads: str  #: a regular expression of prepositions that take no other case
    endings: Mapping[str, tuple[str, str]]  #: other cases: expressions of prepositions, and of a noun's ending
    spell: Callable[[int, str, str], str]  #: a number in words, by its case (`genitive` or of `endings`) and gender
    counts_one: Callable[[int], bool]  #: does this number take the singular?
    plural_genitive: re.Pattern[str]  #: ends that nouns have in the genitive of the plural, and words without a noun
    one_feminine: str  #: letters at the end of feminine nouns in the genitive of the singular
    one_masculine: str
    not_counted: frozenset[str]  #: names of months and the like, whose numbers are ordinals
    units: Mapping[str, Noun]
    minus: str  #: the word before a number below zero
    genitive_forms: tuple[int, int]  #: the indices of a unit's genitive, singular and plural


def case_rules(table: CaseTable) -> list[ReadingRule]:
    """The rules of these cases in one language."""
    symbols = "|".join(re.escape(symbol) for symbol in sorted(table.units, key=len, reverse=True))
    behind = rf"(?:\s?(?P<symbol>{symbols})(?!\w)(?:\s(?P<second>{symbols})(?!\w))?|(?=\s(?P<noun>[^\W\d_]+)))?"

    def genitive(found: re.Match[str]) -> str | None:
        number, minus = int(re.sub(r"\D", "", found["n"])), f"{table.minus} " if found["minus"] else ""
        if found["symbol"]:
            words = _counted(table, number, table.units[found["symbol"]])
            second = f" {_genitive(table, table.units[found['second']], one=False)}" if found["second"] else ""
            stop = "." if found[0].endswith(".") and found.end() == len(found.string) else ""
            return f"{found['head']} {minus}{words}{second}{stop}"
        noun = found["noun"] or ""
        feminine = _is_feminine(table, number, noun)
        if feminine is None:
            return None
        return f"{found['head']} {minus}{table.spell(number, 'genitive', 'f' if feminine else 'm')}"

    def other(case: str) -> Callable[[re.Match[str]], str | None]:
        def read(found: re.Match[str]) -> str | None:
            number = int(re.sub(r"\D", "", found["n"]))
            if number in _YEARS or table.counts_one(number) or found["noun"] in table.not_counted:
                return None
            minus = f"{table.minus} " if found["minus"] else ""
            return f"{found['head']} {minus}{table.spell(number, case, 'm')}"

        return read

    rules = [
        ReadingRule(
            re.compile(rf"(?<!\w)(?P<head>(?i:{heads}))\s{_DIGITS}(?=\s(?P<noun>[^\W\d_]+(?:{ends}))(?!\w))"),
            other(case),
        )
        for case, (heads, ends) in table.endings.items()
    ]
    rules.append(ReadingRule(re.compile(rf"(?<!\w)(?P<head>(?i:{table.genitive_heads}))\s{_DIGITS}{behind}"), genitive))
    return rules


def _counted(table: CaseTable, number: int, unit: Noun) -> str:
    return f"{table.spell(number, 'genitive', unit.gender)} {_genitive(table, unit, one=table.counts_one(number))}"


def _genitive(table: CaseTable, unit: Noun, *, one: bool) -> str:
    return unit.forms[min(table.genitive_forms[0 if one else 1], len(unit.forms) - 1)]


def _is_feminine(table: CaseTable, number: int, noun: str) -> bool | None:
    """Is the noun behind a number in the genitive feminine, where that makes a difference? None: perhaps an ordinal."""
    if noun in table.not_counted or (number in _YEARS and not noun):
        return None
    if not noun or (table.plural_genitive.search(noun) and not table.counts_one(number)):
        return False
    if table.counts_one(number) and noun[-1] in table.one_feminine + table.one_masculine:
        return noun[-1] in table.one_feminine
    return None
