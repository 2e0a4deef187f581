"""Romance languages: what Spanish, Italian, Portuguese and French have in common.

Numbers agree with the gender of the noun behind them, which its ending tells mostly: `una hora`, `veintiún años`,
`duas mulheres`, `une heure`. A word that is surely no noun has no effect.
"""

import re
from collections.abc import Mapping, Set

from seriatim.text.reading.language_rules import LanguageRules, Noun, WrittenDate
from seriatim.text.reading.reading_rule import ReadingRule

#: words that end as plurals do, and are no nouns
NO_PLURALS = frozenset([
    "además", "mientras", "quizás", "detrás", "atrás", "lunes", "martes", "miércoles", "jueves", "viernes", "menos",
    "tras", "después", "entonces", "pues", "antes", "mais", "demais", "após", "depois", "apenas", "jamás", "plus",
    "moins", "alors", "dans", "sans", "puis", "depuis", "vers", "chez", "sous", "très", "après", "anche", "oppure",
    "invece", "dopo", "prima", "circa", "quasi", "come", "dove",
])  # fmt: skip


class RomanceRules(LanguageRules):
    """Rules of a Romance language; its own class says which nouns are feminine."""

    decimal_mark = ","
    fraction_as_number = True
    feminine_endings: tuple[str, ...] = ()
    masculine_endings: tuple[str, ...] = ()  #: exceptions from the feminine ones
    feminine_nouns: frozenset[str] = frozenset()  #: that no ending shows
    no_nouns: frozenset[str] = frozenset()  #: words behind a number that it does not count
    first_day = ""  #: of a month
    date_joint = " "  #: between the day, the month and the year
    fractions: Mapping[int, tuple[str, str]] = {}  #: by denominator, one and several, where they are no ordinals
    halves = ("", "")  #: a half behind a noun, masculine and feminine
    plural_ends = "s"  #: letters that a plural ends with
    singulars: Mapping[str, str] = {}  #: endings of plurals, and those of their singulars

    def agreement(self, number: int, noun: str) -> str:
        if not self.agrees(number) or not noun.islower() or noun in self.no_nouns:
            return ""
        return "f" if self.is_feminine(noun) else "m"

    def agrees(self, number: int) -> bool:
        """Has the number two forms?"""
        return number == 1

    def is_feminine(self, noun: str) -> bool:
        """Is a noun feminine, as far as its ending tells?"""
        if noun in self.feminine_nouns:
            return True
        return noun.endswith(self.feminine_endings) and not noun.endswith(self.masculine_endings)

    def ordinal(self, number: int, mark: str, _before: str) -> str | None:
        return self.speller.cardinal(number, "ordinal-f" if "ª" in mark else "ordinal")

    def date(self, date: WrittenDate) -> str:
        day = self.first_day if date.day == 1 else self.speller.cardinal(date.day)
        parts = (day, self.month_names[date.month - 1], *([self.year(date.year)] if date.year else ()))
        return self.date_joint.join(parts)

    def fraction(self, top: int, bottom: int) -> str | None:
        if bottom > 10 and bottom != 100:
            return None
        ordinal = self.speller.cardinal(bottom, "ordinal")
        one, many = self.fractions.get(bottom) or (ordinal, f"{ordinal}s")
        return f"{self.speller.cardinal(top, 'm')} {one if top == 1 else many}"

    def half(self, unit: Noun) -> str | None:
        return f"{self.halves[unit.gender == 'f']} {unit.forms[0]}"

    def mixed(self, whole: int, top: int, bottom: int, noun: str = "", gender: str = "") -> str | None:
        part = self.fraction(top, bottom)
        if part is None:
            return None
        counts = gender or (self._counts(whole, noun) and noun)
        noun, behind = (noun, "") if counts else ("", f" {noun}" if noun else "")
        single = noun if gender else self.singular(noun)
        gender = gender or ("f" if noun and self.is_feminine(single) else "m")
        noun = single if whole == 1 else noun
        part = self.halves[gender == "f"] if bottom == 2 else part
        number = self.speller.cardinal(whole, (self.agreement(whole, single) or gender) if noun else "")
        return f"{number}{' ' if noun else ''}{noun}{self.words['mixed']}{part}{behind}"

    def mixed_form(self, whole: int, unit: Noun) -> str:
        return unit.forms[min(self.plural(1 if whole == 1 else None), len(unit.forms) - 1)]

    def _counts(self, whole: int, word: str) -> bool:
        """Is a word behind a mixed number the noun that it counts, as far as its ending tells?"""
        if not word.islower() or word in self.no_nouns or word in NO_PLURALS:
            return False
        return whole == 1 or word[-1] in self.plural_ends

    def singular(self, noun: str) -> str:
        """The singular of a noun, where its ending tells."""
        for ending, single in self.singulars.items():
            if noun.endswith(ending):
                return noun.removesuffix(ending) + single
        return noun

    def regnal(self, number: int, name: str = "") -> str:
        form = "ordinal-f" if self.is_feminine(name.lower()) else "ordinal"
        return self.speller.cardinal(number, form if number <= 10 else "")


def half_rule(
    feminine: tuple[str, ...], masculine: tuple[str, ...], nouns: Set[str], no_nouns: Set[str], halves: tuple[str, str]
) -> ReadingRule:
    """`1/2 taza`: a half, masculine or feminine, has the gender of its noun, where its ending tells."""

    def read(found: re.Match[str]) -> str:
        noun = found["noun"]
        is_feminine = noun in nouns or (noun.endswith(feminine) and not noun.endswith(masculine))
        return halves[is_feminine and noun not in no_nouns]

    return ReadingRule(re.compile(r"(?<![\w.,/])(?<!\d )(?:1/2|½)(?=\s(?P<noun>[^\W\d_]{3,})(?![\w.]))"), read)


#: words with a number that a letter follows: 3a is a house in Via Roma 3a
_LETTERED = re.compile(
    r"(?:[A-ZÀ-Ý]\w*|n\.?[oº]?|num\w*|núm\w*|art\w*|p[aá]g\w*|via|rua|calle|casa|aula|sala|apto)\.?\s$"
)


def letter_ordinal_rule() -> ReadingRule:
    """`1a volta`, `2o andar`: an ordinal number with a plain letter, which agrees with its noun."""

    def read(found: re.Match[str]) -> str | None:
        is_named = found.start() and _LETTERED.search(found.string, 0, found.start())
        return None if is_named else found["n"] + ("ª" if found["a"] else "º")

    endings = "[a-zà-ÿ]{2}a|zione|sione|ción|sión|ção|são|dade?|tà|vez|parte|fase|classe|clase"
    feminine = rf"(?P<a>a)(?=\s[a-zà-ÿ]*(?:{endings})(?!\w))"
    return ReadingRule(
        re.compile(
            rf"(?<![\w.,/:-])(?P<n>[1-9]|1\d|20)(?:{feminine}|o(?=\s[a-zà-ÿ]{{2,}}(?:o|io|ar|gar|tor|grau)(?!\w)))"
        ),
        read,
    )
