"""Polish: nouns in four forms; ordinal numbers by rules of ours, which CLDR lacks."""

import re

from seriatim.text.reading.language_rules import (
    LanguageRules,
    WrittenDate,
    feminine_nouns,
    month_numbers,
    parse_money,
    parse_units,
    read_units,
)  # fmt: skip
from seriatim.text.reading.languages.forms.polish_laws import POLISH_LAWS
from seriatim.text.reading.languages.forms.polish_numbers import number_rules
from seriatim.text.reading.languages.polish_ordinals import ordinal_words
from seriatim.text.reading.languages.polish_prepositions import preposition_rules
from seriatim.text.reading.languages.slavic_cases import CaseTable, case_rules
from seriatim.text.reading.number_speller import NumberSpeller
from seriatim.text.reading.reading_rule import ReadingRule
from seriatim.text.reading.roman_numerals import roman_value

_MONTHS = ("stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca", "lipca", "sierpnia", "września",
           "października", "listopada", "grudnia")  # fmt: skip
_MONEY = """
zł PLN złotych złote złoty | m złoty/złote/złotych/złotego | m grosz/grosze/groszy/grosza
€ EUR euro     | n euro | m cent/centy/centów/centa
$ US$ USD      | m dolar/dolary/dolarów/dolara | m cent/centy/centów/centa
£ GBP          | m funt/funty/funtów/funta | m pens/pensy/pensów/pensa
¥ JPY          | m jen/jeny/jenów/jena
CHF            | m frank/franki/franków/franka | m centym/centymy/centymów/centyma
₽ RUB          | m rubel/ruble/rubli/rubla | f kopiejka/kopiejki/kopiejek/kopiejki
₿ BTC          | m bitcoin/bitcoiny/bitcoinów/bitcoina
gr             | m grosz/grosze/groszy/grosza
"""
_SCALES = """
tys. tys tysiąc tysiące tysięcy   | m tysiąc/tysiące/tysięcy/tysiąca
mln milion miliony milionów miliona | m milion/miliony/milionów/miliona
mld miliard miliardy miliardów miliarda | m miliard/miliardy/miliardów/miliarda
"""
_WORDS = {
    "root": "pierwiastek z", "infinity": "nieskończoność",
    "factorial": "silnia",
    "fold": "m raz/razy/razy/raza", "power": "do potęgi {}",
    "minus": "minus", "plus": "plus", "plusminus": "plus minus", "point": "przecinek", "dot": "kropka",
    "percent": "procent", "permille": "promili", "to": "–", "ratio": "do", "by": "na", "times": "razy",
    "squared": "do kwadratu", "cubed": "do sześcianu",
    "and": "i", "at": "małpa", "hashtag": "hasztag", "arrow": "do", "equals": "równa się", "about": "około",
    "divided": "podzielić przez", "less": "mniejsze niż", "greater": "większe niż", "at_most": "najwyżej",
    "at_least": "co najmniej", "unequal": "nie równa się", "version": "wersja", "mixed": " i ", "cents": "full",
    "cents_and": "-", "date_of": r"\s", "year_suffix": r"(?:\s(?:roku|r\.))?", "over": "na",
    "day_mark": r"\.",
}  # fmt: skip
_REFERENCES = {
    "s.": "strona", "str.": "strona", "nr": "numer", "Nr": "numer", "rys.": "rysunek", "rozdz.": "rozdział",
    "art.": "artykuł", "Art.": "Artykuł", "ust.": "ustęp", "pkt": "punkt", "tab.": "tabela", "tel.": "telefon",
    "ok.": "około", "ul.": "ulica", "§": "paragraf", "#": "numer", "№": "numer", "~": "około", "t.": "tom",
}  # fmt: skip
_TITLES = {
    "dr": "doktor", "prof.": "profesor", "inż.": "inżynier", "mgr": "magister", "ks.": "ksiądz", "ul.": "ulica",
    "św.": "święty", "al.": "aleja", "pl.": "plac", "im.": "imienia",
}  # fmt: skip
_LITERALS = {
    "i/lub": "i lub",
    "tel.": "telefon",
    "m.in.": "między innymi", "tj.": "to jest",
    "24/7": "dwadzieścia cztery na siedem", "CO2": "C O dwa", "CO₂": "C O dwa", "H2O": "H dwa O",
    "np.": "na przykład", "tzn.": "to znaczy", "itd.": "i tak dalej", "itp.": "i tym podobne", "n.e.": "naszej ery",
    "p.n.e.": "przed naszą erą", "tzw.": "tak zwany",
}  # fmt: skip
_CASES = {"roku": "ego", "rok": "y", "r.": "ego", "wiek": "y", "wieku": "ego", "wieków": "y", "w.": "y"}
_IN = re.compile(r"\b(?:w|we|o|po|przy)\s$", re.IGNORECASE)
_SPELLER = NumberSpeller(
    "pl",
    {
        "m": "spellout-cardinal-masculine", "f": "spellout-cardinal-feminine", "n": "spellout-cardinal-neuter",
    },
)  # fmt: skip


#: endings of feminine nouns in the plural, and others that no ending shows
_FEMININE = ("cje", "sje", "zje", "ości", "arki", "anki", "ówki", "niczki", "alnie", "arnie", "ownie")
_FEMININE_NOUNS = feminine_nouns("pl")
#: how many children, and people of both sexes, there are
_COLLECTIVE = {2: "dwoje", 3: "troje", 4: "czworo", 5: "pięcioro", 6: "sześcioro", 7: "siedmioro"}


def _children(found: re.Match[str]) -> str:
    return f"{_COLLECTIVE[int(found['n'])]} {found['noun']}"


def _at_hour(found: re.Match[str]) -> str | None:
    """`o 14:30`, `od 8:00`: behind a preposition, the hour has another ending."""
    hour, minute = int(found["h"]), int(found["m"])
    if not 0 < hour < 24:
        return None
    minutes = f" {'zero ' if minute < 10 else ''}{_SPELLER.cardinal(minute)}" if minute else ""
    before = found["before"].replace(
        "godz.", "godzinie" if found["before"].lower().startswith(("o ", "po ")) else "godziny"
    )
    return f"{before} {ordinal_words(hour, 'ej')}{minutes}"


def _year(found: re.Match[str]) -> str:
    ending = _CASES[found["noun"]]
    if found["noun"] != "rok" and _IN.search(found.string[: found.start()]):
        ending = "ym"
    noun = "roku" if found["noun"] == "r." else found["noun"]
    stop = "." if found["noun"] == "r." and found.end() == len(found.string) else ""
    return f"{ordinal_words(int(found['n']), ending)} {noun}{stop}"


def _century(found: re.Match[str]) -> str:
    locative = found["noun"] == "wieku" and _IN.search(found.string[: found.start()])
    ending = "ym" if locative else _CASES[found["noun"]]
    noun = "wiek" if found["noun"] == "w." else found["noun"]
    return f"{ordinal_words(roman_value(found['n']), ending)} {noun}"


def _decade(found: re.Match[str]) -> str:
    """Decades such as `lata 90.` and `w latach 90.`."""
    stop = "." if found.end() == len(found.string) else ""
    return (
        f"{found['noun']} {ordinal_words(int(found['n']), 'e' if found['noun'] in ('lata', 'Lata') else 'ych')}{stop}"
    )


def _before_noun(found: re.Match[str]) -> str | None:
    """`3. piętro`: the ordinal agrees with its noun; a month is left to the rule of dates."""
    if found["noun"] in _MONTHS:
        return None
    ending = {"a": "a", "o": "e", "e": "e", "u": "ym", "i": "ej", "y": "ej"}.get(found["noun"][-1], "y")
    if found["noun"].endswith("e") and _AT.search(found.string[: found.start()]):
        ending = "ym"  # na 3. piętrze
    return f"{ordinal_words(int(found['n']), ending)} {found['noun']}"


def _in_case(number: int, case: str, gender: str) -> str:
    return _SPELLER.spell(
        number, f"spellout-cardinal-{'feminine' if gender == 'f' and case == 'genitive' else 'masculine'}-{case}"
    )


def _hour_of_day(found: re.Match[str]) -> str:
    """`o 5 rano`, `do 5 po południu`, `o 5 godzinie`: the hour is an ordinal."""
    return f"{found['at']} {ordinal_words(int(found['n']), 'ej')} {found['when']}"


_CASES_BEHIND = CaseTable(
    genitive_heads="do|od|około|bez|dla|u|spośród|wśród|powyżej|poniżej|oprócz|podczas|wobec|w ciągu|w wieku"
    "|na przestrzeni|z(?=\\s\\d+\\s[^\\W\\d_]+(?:ów|ych|ich|ób|in|ek|iet|tów|ci)(?!\\w))",
    endings={
        "locative": ("we?|o|po|na|przy", "[ae]ch"), "instrumental": ("ze?|między|nad|pod|przed|za", "mi"),
        "dative": ("dzięki|ku|przeciwko", "om"),
    },
    spell=_in_case,
    counts_one=lambda number: number == 1,
    plural_genitive=re.compile(
        r"[^aąeęioóuy]$|^(?:dni|tygodni|miesięcy|ludzi|dzieci|groszy|tysięcy|stopni|gości|koni|pieniędzy|lub|albo|i|do"
        "|tysięcy|nocy|części|odpowiedzi|to)$"
    ),
    one_feminine="yi", one_masculine="au",
    not_counted=frozenset((*_MONTHS, "r", "rok", "roku", "w", "wiek", "wieku", "latach")),
    units=read_units("pl")
    | parse_units("% | m procent/procent/procent/procent")
    | {name: each.major for name, each in parse_money(_MONEY).items()}
    | parse_units(_SCALES),
    minus="minus",
    genitive_forms=(3, 2),
)  # fmt: skip


_AT = re.compile(r"\b(?:na|w|we|przy|po)\s$", re.IGNORECASE)


class Polish(LanguageRules):
    """The rules of Polish."""

    tag = "pl"
    speller = _SPELLER
    words = _WORDS
    money = parse_money(_MONEY)
    units = read_units("pl")
    months = month_numbers(_MONTHS, "sty lut mar kwi maj cze lip sie wrz paź lis gru")
    references = _REFERENCES
    literals = _LITERALS
    titles = _TITLES
    scales = parse_units(_SCALES)
    roman_heads = frozenset(("rozdział", "część", "księga", "akt", "scena", "tom", "artykuł", "klasa", "światowa"))
    early_rules = (*POLISH_LAWS, *preposition_rules())
    own_rules = (
        *number_rules(_MONTHS),
        ReadingRule(
            re.compile(
                r"(?<!\w)(?P<address>(?:(?:ul|al|os|pl)\.|ulic[ayęą]|alei|alej[aęą]|plac(?:u|em)?)\s[^.,;]{2,40}\s\d{1,4}[a-z]?)\sm\.(?=\s\d)"
            ),
            lambda found: f"{found['address']} mieszkania",
        ),
        ReadingRule(
            re.compile(r"(?<!\w)(?P<n>[IVX]+)\sw\.(?=\s[a-ząćęłńóśźż]|[,;)]|$)"),
            lambda found: (
                f"{found['n']} {'wieku' if found.start() else 'wiek'}{'.' if found.end() == len(found.string) else ''}"
            ),
        ),
        ReadingRule(
            re.compile(
                r"(?<!\w)(?P<before>(?:[oO]|[oO]d|[dD]o|[pP]o|[pP]rzed|[oO]koło)(?: godz\.| godzin(?:ie|y))?)"
                r"\s(?P<h>[01]?\d|2[0-4])[:.](?P<m>[0-5]\d)(?![\w:]|[.,]\d)"
            ),
            _at_hour,
        ),
        ReadingRule(
            re.compile(
                r"(?<!\w)(?P<at>(?i:o|od|do|po|przed|około))\s(?P<n>1?\d|2[0-4])\s"
                r"(?P<when>rano|wieczorem|po południu|w nocy|godzinie)(?!\w)"
            ),
            _hour_of_day,
        ),
        ReadingRule(re.compile(r"(?<!\w)(?P<o>[oO])k\.\s(?=\d)"), lambda found: f"{found['o']}koło "),
        *case_rules(_CASES_BEHIND),
        ReadingRule(re.compile(r"(?<![\w.,:/–-])(?P<n>[2-7]) (?P<noun>dzieci)(?!\w)"), _children),
        ReadingRule(
            re.compile(r"(?<![\w.,])(?P<n>[1-3]\d{3}|\d{3}(?=\s?(?:r\.|roku)))\s?(?P<noun>roku|rok|r\.)(?!\w)"), _year
        ),
        ReadingRule(re.compile(r"(?<!\w)(?P<noun>[lL]ata(?:ch)?|[lL]at)\s(?P<n>(?:1\d)?\d0)\."), _decade),
        ReadingRule(re.compile(r"(?<![\w.,:])(?P<n>\d{1,2})\.\s(?P<noun>[a-ząćęłńóśźż]{3,})"), _before_noun),
        ReadingRule(re.compile(r"(?<!\w)(?P<n>[IVX]+)\s(?P<noun>wieków|wieku|wiek|w\.)(?!\w)"), _century),
    )
    decimal_mark = ","
    group_marks = " ."
    fraction_as_number = True
    ordinal_mark = r"-(?:szy|gi|ci|ty|ego|go|ej|sza|ga|cia|ta)"

    def plural(self, number: int | None) -> int:
        if number is None:
            return 3
        if number == 1:
            return 0
        return 1 if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14) else 2

    def agreement(self, number: int, noun: str) -> str:
        if number == 1:
            return {"a": "f", "o": "n", "e": "n", "ę": "n"}.get(noun[-1], "m")
        feminine = noun in _FEMININE_NOUNS or noun.endswith(_FEMININE)
        return "f" if feminine and number % 10 == 2 and number % 100 != 12 else ""

    def ordinal(self, number: int, mark: str, _before: str) -> str | None:
        if number >= 100:
            return None
        ending = {"ego": "ego", "go": "ego", "ej": "ej", "sza": "a", "ga": "a", "cia": "a", "ta": "a"}
        return ordinal_words(number, ending.get(mark[1:], "y"))

    def date(self, date: WrittenDate) -> str:
        year = f" {ordinal_words(date.year, 'ego')} roku" if date.year else ""
        return f"{ordinal_words(date.day, 'ego')} {_MONTHS[date.month - 1]}{year}"

    def clock(self, hour: int, minute: int) -> str:
        name = ordinal_words(hour, "a")
        if not minute:
            return name
        return f"{name} {'zero ' if minute < 10 else ''}{self.speller.cardinal(minute)}"

    def fraction(self, top: int, bottom: int) -> str | None:
        if bottom == 2:
            return "pół"
        if bottom > 20 and bottom != 100:
            return None
        many = top % 10 not in (2, 3, 4) or top in (12, 13, 14)
        name = ordinal_words(bottom, "a" if top == 1 else "ych" if many else "e")
        return f"{self.speller.cardinal(top, 'f')} {name}"

    def mixed(self, whole: int, top: int, bottom: int, noun: str = "", gender: str = "") -> str | None:
        feminine = (gender or (noun and self.agreement(2, noun))) == "f"
        if (whole, top, bottom) == (1, 1, 2) and noun:
            return f"{'półtorej' if feminine else 'półtora'} {noun}"
        part = self.fraction(top, bottom)
        words = part and f"{self.speller.cardinal(whole, 'f' if feminine else '')} i {part}"
        return f"{words} {noun}" if words and noun else words

    def compared(self, number: int) -> str:
        return _in_case(number, "genitive", "m")

    def regnal(self, number: int, name: str = "") -> str:
        return ordinal_words(number, "a" if name.endswith("a") else "y")
