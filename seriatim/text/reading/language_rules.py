"""Language rules: what reading numbers aloud needs to know of one language.

The tables are compact texts. Money: `signs and codes | gender major/majors | gender minor/minors`. Units:
`symbols | gender unit/units`. The forms of a noun stand in the order that `plural` counts in: one and other in English,
one, few, many and that of a decimal fraction in Polish.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from seriatim.text.reading.number_speller import NumberSpeller
from seriatim.text.reading.reading_rule import ReadingRule

#: units as keyboards and fonts of some countries write them
_SAME_UNITS = {"℃": "°C", "ºC": "°C", "℉": "°F", "ºF": "°F", "km/hr": "km/h", "kph": "km/h", "kmh": "km/h", "db": "dB"}


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun that numbers count."""

    gender: str  #: m, f, n, or "-" where numbers do not agree
    forms: tuple[str, ...]  #: in the order of `LanguageRules.plural`

    @classmethod
    def of(cls, text: str) -> "Noun":
        """Parse `gender form/form`."""
        gender, _, forms = text.strip().partition(" ")
        return cls(gender, tuple(form.strip() for form in forms.split("/")))


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency: its whole unit, and the hundredth of it."""

    major: Noun
    minor: Noun | None


def parse_money(text: str) -> dict[str, Currency]:
    """Currencies by sign and by code."""
    money = {}
    for line in text.strip().splitlines():
        signs, major, *minor = line.split("|")
        currency = Currency(Noun.of(major), Noun.of(minor[0]) if minor else None)
        money.update(dict.fromkeys(signs.split(), currency))
    return money


def parse_units(text: str) -> dict[str, Noun]:
    """Units by symbol."""
    units = {
        symbol: Noun.of(noun)
        for symbols, noun in (line.split("|") for line in text.strip().splitlines() if not line.startswith("#"))
        for symbol in symbols.split()
    }
    return units | {other: units[symbol] for other, symbol in _SAME_UNITS.items() if symbol in units}


def read_units(tag: str) -> dict[str, Noun]:
    """The units of a language, from its table."""
    table = files("seriatim.text.reading.languages") / "units" / f"{tag}.txt"
    return parse_units(table.read_text("utf-8"))


def feminine_nouns(tag: str) -> frozenset[str]:
    """Common nouns of a language that are feminine, though no ending shows it."""
    table = files("seriatim.text.reading.languages") / "feminine" / f"{tag}.txt"
    return frozenset(table.read_text("utf-8").split())


def month_numbers(names: tuple[str, ...], abbreviations: str = "") -> dict[str, int]:
    """Names of months, and their abbreviations in the same order, in small letters, with their numbers."""
    short = abbreviations.split()
    return {name.lower(): at % 12 + 1 for at, name in enumerate([*names, *short])}


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """A date as it is written."""

    day: int
    month: int  #: 1..12
    year: int | None
    before: str  #: the word before it, in small letters
    day_first: bool  #: is the day written before the month?


class LanguageRules:
    """The rules of one language: tables as attributes, and methods for what tables cannot say."""

    tag = ""  #: ISO 639-1
    speller: NumberSpeller
    words: Mapping[str, str]  #: of signs: minus, point, percent, to and so on; `fold` is a noun, `power` a template
    money: Mapping[str, Currency]
    units: Mapping[str, Noun]
    months: Mapping[str, int] = {}  #: names and abbreviations, in small letters
    month_names: tuple[str, ...] = ()  #: January first, as they are read in a date
    references: Mapping[str, str] = {}  #: `pp.` before a number and its word
    literals: Mapping[str, str] = {}  #: written forms with a reading of their own
    titles: Mapping[str, str] = {}  #: abbreviations before names: `Sr.` is señor before a capital
    scales: Mapping[str, Noun] = {}  #: million and so on, with their abbreviations
    roman_heads: frozenset[str] = frozenset()  #: words before Roman numerals, in small letters
    early_rules: tuple[ReadingRule, ...] = ()  #: for what must be seen before any number
    own_rules: tuple[ReadingRule, ...] = ()  #: for what only this language writes
    late_rules: tuple[
        ReadingRule, ...
    ] = ()  #: for what only this language writes behind numbers, which are words by now
    decimal_mark = "."
    group_marks = ","  #: between groups of three digits; a no-break space always is one
    indian_groups = False  #: is 12,34,567 a number?
    fraction_as_number = False  #: is 3,14 "three comma fourteen"?
    spaced = True  #: are words separated by spaces?
    attached = False  #: do letters stand right beside digits?
    month_first = False  #: is 1/5/2024 in January?
    month_names_first = False  #: is "Jan 5" a date?
    roman_mark = ""  #: a regular expression for what is written behind a Roman numeral that is an ordinal
    counters = ""  #: a regular expression for nouns that stand right behind their numbers
    ordinal_mark = ""  #: a regular expression for what is written behind an ordinal number; "": there are none

    def __init__(self, _region: str = "") -> None:
        """A region is the end of a BCP 47 tag, such as `gb`; most languages are read alike in all of theirs."""

    def plural(self, number: int | None) -> int:
        """The index of a noun's form; None is a decimal fraction."""
        return 0 if number == 1 else 1

    def agreement(self, _number: int, _noun: str) -> str:
        """The form of a number before a word that is perhaps its noun, where the word's ending tells."""
        return ""

    def year(self, number: int) -> str:
        """A year in words."""
        return self.speller.cardinal(number)

    def ordinal(self, _number: int, _mark: str, _before: str) -> str | None:
        """An ordinal number with what is written behind it, and the word before it; None if it is perhaps none."""
        return None

    def date(self, date: WrittenDate) -> str:
        """A date in words: the day, the month and the year in this order, unless a language says otherwise."""
        year = f" {self.year(date.year)}" if date.year else ""
        return f"{self.speller.cardinal(date.day)} {self.month_names[date.month - 1]}{year}"

    def clock(self, hour: int, minute: int) -> str:
        """A time of day in words; hour 0..24."""
        raise NotImplementedError

    def fraction(self, _top: int, _bottom: int) -> str | None:
        """A fraction below one in words; None if nothing is usual."""
        return None

    def decimal(self, _whole: str, _fraction: str, _form: str) -> str | None:
        """A decimal fraction in words, from its digits; `_form`: its noun's gender. None: the mark, and digits."""
        return None

    def half(self, _unit: Noun) -> str | None:
        """Half a unit in words; None if it is read as other fractions are."""
        return None

    def mixed(self, whole: int, top: int, bottom: int, noun: str = "", _gender: str = "") -> str | None:
        """A whole number with a fraction in words, and the noun behind it, of a gender that may be unknown ("")."""
        part = self.fraction(top, bottom)
        words = part and f"{self.speller.cardinal(whole)}{self.words.get('mixed', ' ')}{part}"
        return f"{words} {noun}" if words and noun else words

    def mixed_form(self, _whole: int, unit: Noun) -> str:
        """The form of a unit that a whole number with a fraction counts."""
        return unit.forms[min(self.plural(None), len(unit.forms) - 1)]

    def compared(self, number: int) -> str:
        """The second number of a ratio or a score in words, in its case."""
        return self.speller.cardinal(number)

    def regnal(self, number: int, _name: str = "") -> str:
        """The number behind the name of a king or a queen."""
        return self.speller.cardinal(number)
