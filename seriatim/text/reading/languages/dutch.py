"""Dutch."""

import re

from seriatim.text.reading.language_rules import (
    LanguageRules,
    month_numbers,
    parse_money,
    parse_units,
    read_units,
)  # fmt: skip
from seriatim.text.reading.number_speller import NumberSpeller
from seriatim.text.reading.reading_rule import ReadingRule

_MONTHS = ("januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober",
           "november", "december")  # fmt: skip
_MONEY = """
€ EUR     | - euro | - cent
$ US$ USD | - dollar | - cent
£ GBP     | - pond | - penny/pence
¥ JPY     | - yen
CHF       | - Zwitserse frank
₿ BTC     | - bitcoin
"""
_SCALES = """
duizend                    | - duizend
miljoen miljoenen mln mln. | - miljoen
miljard miljarden mld mld. | - miljard
"""
_WORDS = {
    "root": "wortel", "infinity": "oneindig",
    "factorial": "faculteit",
    "per": "per", "score": "",
    "periods": "maand|dag|uur|jaar|week|persoon|nacht|kilo|liter|minuut|seconde|stuk",
    "fold": "- keer", "power": "tot de macht {}",
    "minus": "min", "plus": "plus", "plusminus": "plus of min", "point": "komma", "dot": "punt",
    "percent": "procent", "permille": "promille", "to": "tot", "ratio": "tegen", "by": "bij", "times": "maal",
    "squared": "kwadraat", "cubed": "tot de derde",
    "and": "en", "at": "apenstaartje", "hashtag": "hashtag", "arrow": "naar", "equals": "is", "about": "ongeveer",
    "divided": "gedeeld door", "less": "kleiner dan", "greater": "groter dan", "at_most": "hoogstens",
    "at_least": "minstens", "unequal": "ongelijk aan", "version": "versie", "mixed": " ",
    "date_of": r"\s", "clock_suffix": "uur", "over": "op",
}  # fmt: skip
_REFERENCES = {
    "artt.": "artikelen", "nrs.": "nummers",
    "p.": "pagina", "blz.": "bladzijde", "pp.": "pagina's", "nr.": "nummer", "Nr.": "nummer", "№": "nummer",
    "fig.": "figuur", "vol.": "volume", "hfst.": "hoofdstuk", "art.": "artikel", "tel.": "telefoon", "ca.": "circa",
    "§": "paragraaf", "#": "nummer", "~": "ongeveer",
}  # fmt: skip
_TITLES = {
    "dhr.": "de heer", "Dhr.": "De heer", "mevr.": "mevrouw", "Mevr.": "Mevrouw", "mw.": "mevrouw", "dr.": "dokter",
    "Dr.": "Dokter", "prof.": "professor", "Prof.": "Professor", "ir.": "ingenieur",
}  # fmt: skip
_LITERALS = {
    "en/of": "en of",
    "tel.": "telefoon",
    "d.w.z.": "dat wil zeggen", "o.a.": "onder andere",
    "bijv.": "bijvoorbeeld", "24/7": "vierentwintig zeven", "CO2": "C O twee", "CO₂": "C O twee", "H2O": "H twee O",
    "enz.": "enzovoort", "m.a.w.": "met andere woorden", "t/m": "tot en met", "evt.": "eventueel",
    "m.b.t.": "met betrekking tot", "n.Chr.": "na Christus", "v.Chr.": "voor Christus", "etc.": "et cetera",
}  # fmt: skip
_HEADS = frozenset(("hoofdstuk", "deel", "boek", "akte", "scène", "band", "sectie", "artikel", "wereldoorlog"))
#: one is written with accents, since without them it is the article
_SPELLER = NumberSpeller("nl", {"ordinal": "spellout-ordinal", "year": "spellout-numbering-year"}, {"=een": "één"})
_FRACTIONS = {2: "half", 4: "kwart"}


def _hour(found: re.Match[str]) -> str:
    minutes = f" {_SPELLER.cardinal(int(found['m']))}" if int(found["m"]) else ""
    return f"{_SPELLER.cardinal(int(found['h']))} uur{minutes}"


def _postcode(found: re.Match[str]) -> str:
    """`1017 GL Amsterdam`: two numbers."""
    last = _SPELLER.digits(found["b"]) if found["b"][0] == "0" else _SPELLER.cardinal(int(found["b"]))
    return f"{_SPELLER.cardinal(int(found['a']))} {last}"


#: nouns of common gender that are halved: een halve liter
_COMMON = (
    "liter|kilo|kilometer|meter|minuut|seconde|dag|week|maand|eeuw|ton|theelepel|eetlepel|citroen|ui|appel|fles|taart"
    "|pizza|portie"
)


class Dutch(LanguageRules):
    """The rules of Dutch."""

    tag = "nl"
    speller = _SPELLER
    words = _WORDS
    money = parse_money(_MONEY)
    units = read_units("nl")
    months = month_numbers(_MONTHS, "jan feb mrt apr mei jun jul aug sep okt nov dec")
    month_names = _MONTHS
    references = _REFERENCES
    literals = _LITERALS
    titles = _TITLES
    scales = parse_units(_SCALES)
    roman_heads = _HEADS
    own_rules = (
        ReadingRule(
            re.compile(r"(?<=\d[.:][0-5]\d)\s?[-–]\s?(?=\d{1,2}[.:][0-5]\d\s(?:uur|u\.)(?!\w))"),
            lambda _found: " tot ",
        ),
        ReadingRule(re.compile(r"(?<=\d[.:][0-5]\d\s)u\.?(?=\s|[,;)]|$)"), lambda _found: "uur"),
        ReadingRule(re.compile(r"(?<=[a-z])str\.(?=\s\d)"), lambda _found: "straat"),
        ReadingRule(re.compile(r"(?<=[Aa]rt\.\s)(?P<n>\d):(?=\d{1,3}[a-z]?\s)"), lambda found: f"{found['n']} "),
        ReadingRule(re.compile(r"(?<![\w.,])(?P<a>[1-9]\d)(?P<b>\d\d)(?=\s[A-Z]{2}\s[A-Z][a-z])"), _postcode),
        ReadingRule(
            re.compile(
                r"(?<![\w.,:])(?P<time>(?:[01]?\d|2[0-4])[.:][0-5]\d)(?=\s(?:tot|en|à)\s\d{1,2}[.:]\d\d\suur(?!\w))"
            ),
            lambda found: f"{found['time']} uur",
        ),
        ReadingRule(re.compile(r"(?<!\w)['’](?=\d0(?!\w))"), lambda _found: ""),
        ReadingRule(re.compile(r"(?<![\w.,:])(?P<h>1?\d|2[0-4])[uh](?P<m>[0-5]\d)(?!\w)"), _hour),
        ReadingRule(re.compile(r"(?<![\w.,:])(?P<h>1?\d|2[0-4])[.:](?P<m>[0-5]\d)\s?(?:uur\b|u(?!\w))"), _hour),
        ReadingRule(re.compile(r"(?<=\b[oO]m\s)(?P<h>1?\d|2[0-4])\.(?P<m>[0-5]\d)(?!\w|[.,:]\d)"), _hour),
        ReadingRule(
            re.compile(r"(?:(?<=\de)|(?<=\dde)|(?<=\dste))\s?[-–—]\s?(?=\d+(?:e|de|ste)\s)"), lambda _found: " tot "
        ),
        ReadingRule(
            re.compile(rf"(?<![\w.,/])(?<!\d )(?:½|1/2)(?=\s(?:{_COMMON})(?!\w))"),
            lambda _found: "een halve",
        ),
    )
    decimal_mark = ","
    group_marks = "."
    fraction_as_number = True
    ordinal_mark = "ste|de|e"
    roman_mark = r"(?:ste|de|e)(?!\w)"

    def year(self, number: int) -> str:
        return self.speller.cardinal(number, "year")

    def ordinal(self, number: int, _mark: str, _before: str) -> str | None:
        return self.speller.cardinal(number, "ordinal")

    def clock(self, hour: int, minute: int) -> str:
        minutes = f" {self.speller.cardinal(minute)}" if minute else ""
        return f"{self.speller.cardinal(hour)} uur{minutes}"

    def fraction(self, top: int, bottom: int) -> str | None:
        if bottom > 20 and bottom not in (100, 1000):
            return None
        if (top, bottom) == (1, 2):
            return "een half"
        return f"{self.speller.cardinal(top)} {_FRACTIONS.get(bottom) or self.speller.cardinal(bottom, 'ordinal')}"

    def mixed(self, whole: int, top: int, bottom: int, noun: str = "", _gender: str = "") -> str | None:
        if (top, bottom) != (1, 2):
            return super().mixed(whole, top, bottom, noun)
        words = "anderhalf" if whole == 1 else f"{self.speller.cardinal(whole)}ënhalf"
        return f"{words} {noun}" if noun else words

    def regnal(self, number: int, _name: str = "") -> str:
        return f"de {self.speller.cardinal(number, 'ordinal').capitalize()}"
