"""Hindi."""

import re

from seriatim.text.reading.language_rules import (
    LanguageRules,
    WrittenDate,
    month_numbers,
    parse_money,
    parse_units,
    read_units,
)  # fmt: skip
from seriatim.text.reading.number_speller import NumberSpeller
from seriatim.text.reading.reading_rule import ReadingRule
from seriatim.text.reading.roman_numerals import roman_value

_MONTHS = ("जनवरी", "फ़रवरी", "मार्च", "अप्रैल", "मई", "जून", "जुलाई", "अगस्त", "सितंबर", "अक्टूबर", "नवंबर", "दिसंबर")
_MONEY = """
₹ INR रु. रू. Rs. Rs रुपये रुपए | - रुपया/रुपये | - पैसा/पैसे
$ US$ USD | - डॉलर | - सेंट
€ EUR     | - यूरो | - सेंट
£ GBP     | - पाउंड | - पेंस
¥ JPY     | - येन
₿ BTC     | - बिटकॉइन
"""
_SCALES = """
हज़ार हजार | - हज़ार
लाख        | - लाख
करोड़       | - करोड़
अरब        | - अरब
"""
_WORDS = {
    "root": "वर्गमूल", "infinity": "अनंत", "squared": "का वर्ग", "cubed": "का घन", "per": "प्रति",
    "periods": "घंटा|घंटे|दिन|माह|महीना|महीने|साल|वर्ष|व्यक्ति|किलो|लीटर|मिनट|सेकंड|सप्ताह|रात",
    "factorial": "फैक्टोरियल", "score": "",
    "fold": "- गुना", "power": "की घात {}",
    "minus": "माइनस", "plus": "प्लस", "plusminus": "प्लस माइनस", "point": "दशमलव", "dot": "पॉइंट",
    "percent": "प्रतिशत", "permille": "प्रति हज़ार", "to": "से", "ratio": "अनुपात", "by": "गुणा", "times": "गुणा",
    "and": "और", "at": "एट", "hashtag": "हैशटैग", "arrow": "से", "equals": "बराबर", "about": "लगभग",
    "divided": "भाग", "less": "से कम", "greater": "से अधिक", "at_most": "अधिकतम", "at_least": "कम से कम",
    "unequal": "बराबर नहीं", "version": "संस्करण", "mixed": " और ", "cents": "full", "cents_and": "-",
    "date_of": r"\s", "year_of": r",?\s", "over": "बटा",
}  # fmt: skip
_REFERENCES = {"पृ.": "पृष्ठ", "सं.": "संख्या", "क्र.": "क्रमांक", "№": "नंबर", "#": "नंबर", "§": "धारा", "~": "लगभग"}
_LITERALS = {"नं.": "नंबर", "और/या": "और या"}
_FRACTIONS = {(1, 2): "आधा", (1, 4): "एक चौथाई", (3, 4): "तीन चौथाई", (1, 3): "एक तिहाई", (2, 3): "दो तिहाई"}
#: 1½, 2½ and 1¼ have words of their own
_MIXED = {(1, 1, 2): "डेढ़", (2, 1, 2): "ढाई", (1, 1, 4): "सवा"}
_QUARTERS = {(1, 2): "साढ़े", (1, 4): "सवा", (3, 4): "पौने"}
_SPELLER = NumberSpeller("hi", {"ordinal": "spellout-ordinal-masculine", "ordinal-f": "spellout-ordinal-feminine"})


def _hour(found: re.Match[str]) -> str:
    return f"{_SPELLER.cardinal(int(found['h']))} बजकर {_SPELLER.cardinal(int(found['m']))} मिनट"


#: what people count by halves
_HALVED = "घंटे|घंटा|साल|महीने|दिन|मिनट|किलो|किलोमीटर|मीटर|लीटर|ग्राम|फुट|लाख|करोड़|अरब|हज़ार|गुना|बजे|प्रतिशत"


def _and_half(found: re.Match[str]) -> str | None:
    """`2.5 घंटे`: a number and a half, before what is counted so."""
    number = int(found["n"])
    words = _MIXED.get((number, 1, 2)) or f"{_QUARTERS[1, 2]} {_SPELLER.cardinal(number)}"
    return words if number else None


_FIRST_HUNDREDS, _LAST_HUNDREDS = 1100, 1999  #: years that are read by their hundreds


def _year_words(number: int) -> str:
    """A year of the last centuries, by its hundreds: उन्नीस सौ सैंतालीस."""
    if not _FIRST_HUNDREDS <= number <= _LAST_HUNDREDS:
        return _SPELLER.cardinal(number)
    rest = f" {_SPELLER.cardinal(number % 100)}" if number % 100 else ""
    return f"{_SPELLER.cardinal(number // 100)} सौ{rest}"


class Hindi(LanguageRules):
    """The rules of Hindi."""

    tag = "hi"
    speller = _SPELLER
    words = _WORDS
    money = parse_money(_MONEY)
    units = read_units("hi")
    months = month_numbers(_MONTHS) | {"फरवरी": 2, "अक्तूबर": 10}
    references = _REFERENCES
    literals = _LITERALS
    scales = parse_units(_SCALES)
    own_rules = (
        ReadingRule(
            re.compile(r"(?<![\w.,:])(?P<h>[12]?\d):00(?=\sबजे)"), lambda found: _SPELLER.cardinal(int(found["h"]))
        ),
        ReadingRule(
            re.compile(r"(?:₹|(?:रु\.|Rs\.?)\s)\s?(?P<n>[1-9]\d?)\.5\s(?P<scale>लाख|करोड़|अरब|हज़ार)(?!\w)"),
            lambda found: f"{_and_half(found)} {found['scale']} रुपये",
        ),
        ReadingRule(re.compile(r"(?<![\w.,])6ठ(?=[ाीे])"), lambda _found: "छठ"),
        ReadingRule(
            re.compile(r"(?<=[\u0900-\u097f]\s)(?P<n>(?=[IVX]{2})X{0,3}(?:IX|IV|V?I{0,3}))(?!\w)"),
            lambda found: _SPELLER.cardinal(roman_value(found["n"])),
        ),
        ReadingRule(
            re.compile(r"(?<![\w.,])(?:(?<=सन )|(?<=सन् )|(?<=वर्ष )|(?<=साल ))(?P<n>1[1-9]\d\d)(?![\w.,]\d)"),
            lambda found: _year_words(int(found["n"])),
        ),
        ReadingRule(
            re.compile(r"(?<![\w.,])(?P<n>1[1-9]\d\d)(?=\s(?:में|ईस्वी|ईसवी|ई\.))"),
            lambda found: _year_words(int(found["n"])),
        ),
        ReadingRule(re.compile(r"(?<![\w.,:])(?P<h>[12]?\d):(?P<m>(?!00)[0-5]\d)\sबजे"), _hour),
        ReadingRule(re.compile(rf"(?<![\w.,:/-])(?P<n>\d{{1,2}})\.5(?=\s(?:{_HALVED})(?!\w))"), _and_half),
    )
    roman_heads = frozenset(("अध्याय", "भाग", "खंड", "खण्ड", "अंक", "कक्षा", "विश्वयुद्ध"))
    indian_groups = True
    ordinal_mark = "वाँ|वां|वीं|वें|ला|ली|रा|री|था|थी"

    def plural(self, number: int | None) -> int:
        return 0 if number in (0, 1) else 1

    def ordinal(self, number: int, mark: str, _before: str) -> str | None:
        words = self.speller.cardinal(number, "ordinal-f" if mark in ("वीं", "ली", "री", "थी") else "ordinal")
        if words.endswith("वी"):
            words += "ं"
        return words.removesuffix("वाँ") + "वें" if mark == "वें" else words

    def date(self, date: WrittenDate) -> str:
        year = f" {_year_words(date.year)}" if date.year else ""
        return f"{self.speller.cardinal(date.day)} {_MONTHS[date.month - 1]}{year}"

    def clock(self, hour: int, minute: int) -> str:
        name = self.speller.cardinal(hour)
        return f"{name} बजकर {self.speller.cardinal(minute)} मिनट" if minute else f"{name} बजे"

    def mixed(self, whole: int, top: int, bottom: int, noun: str = "", gender: str = "") -> str | None:
        words = _MIXED.get((whole, top, bottom))
        if words is None and (top, bottom) in _QUARTERS:
            words = f"{_QUARTERS[top, bottom]} {self.speller.cardinal(whole + (top == 3))}"
        if words is None:
            return super().mixed(whole, top, bottom, noun, gender)
        return f"{words} {noun}" if noun else words

    def fraction(self, top: int, bottom: int) -> str | None:
        return _FRACTIONS.get((top, bottom)) or f"{self.speller.cardinal(top)} बटा {self.speller.cardinal(bottom)}"
