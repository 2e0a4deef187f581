"""Arabic: numbers agree with the nouns that they count (arabic_counts.py); case endings are not spoken."""

import re

from seriatim.text.reading.language_rules import (
    LanguageRules,
    month_numbers,
    parse_money,
    parse_units,
    read_units,
)  # fmt: skip
from seriatim.text.reading.languages.arabic_counts import COUNTED, SPELLER, clock_words, counted_noun, read_counted
from seriatim.text.reading.languages.forms.arabic_ordinals import ARABIC_ORDINALS
from seriatim.text.reading.languages.forms.arabic_ranges import ARABIC_RANGES
from seriatim.text.reading.reading_rule import ReadingRule

_MONTHS = ("يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر",
           "ديسمبر")  # fmt: skip
_MONEY = """
$ US$ USD | - دولار/دولاران/دولارات/دولارًا/دولار | - سنت/سنتان/سنتات/سنتًا/سنت
€ EUR     | - يورو | - سنت/سنتان/سنتات/سنتًا/سنت
£ GBP     | - جنيه إسترليني
¥ JPY     | - ين
SAR ر.س   | - ريال
AED د.إ   | - درهم
EGP ج.م   | - جنيه
₽ RUB     | - روبل
₿ BTC     | - بتكوين
"""
_SCALES = """
ألف آلاف        | - {:.0}ألف/{:.0}ألفان/آلاف/ألف/ألف
مليون ملايين    | - {:.0}مليون/{:.0}مليونان/ملايين/مليون/مليون
مليار مليارات   | - {:.0}مليار/{:.0}ملياران/مليارات/مليار/مليار
"""
_WORDS = {
    "root": "جذر", "infinity": "ما لا نهاية", "squared": "تربيع", "cubed": "تكعيب", "subtract": "ناقص", "per": "لكل",
    "periods": "شهر|ساعة|يوم|سنة|شخص|كيلو|لتر|دقيقة|ثانية|أسبوع|ليلة",
    "fold": "- مرة/مرتان/مرات/مرة/مرة", "power": "أس {}",
    "minus": "سالب", "plus": "زائد", "plusminus": "زائد أو ناقص", "point": "فاصلة", "dot": "نقطة",
    "percent": "بالمئة", "permille": "بالألف", "to": "إلى", "ratio": "إلى", "by": "في", "times": "في", "and": "و",
    "at": "آت", "hashtag": "هاشتاغ", "arrow": "إلى", "equals": "يساوي", "about": "حوالي", "divided": "على",
    "less": "أصغر من", "greater": "أكبر من", "at_most": "على الأكثر", "at_least": "على الأقل", "unequal": "لا يساوي",
    "version": "الإصدار", "mixed": " و", "cents": "full", "cents_and": "و", "date_of": r"\s", "over": "على",
}  # fmt: skip
_REFERENCES = {"ص.": "صفحة", "رقم": "رقم", "№": "رقم", "#": "رقم", "§": "فقرة", "~": "حوالي"}
_LITERALS = {"و/أو": "و أو", "إلخ": "إلى آخره", "ق.م": "قبل الميلاد"}
_FRACTIONS = {2: "نصف", 3: "ثلث", 4: "ربع", 5: "خمس", 6: "سدس", 7: "سبع", 8: "ثمن", 9: "تسع", 10: "عشر"}


_PARTS = {3: "أثلاث", 4: "أرباع", 5: "أخماس", 6: "أسداس", 7: "أسباع", 8: "أثمان", 9: "أتساع", 10: "أعشار"}
_TENS_END = re.compile(r"ون$")
_JOINER = "\u2060"  #: between a word and its number until this is read


class Arabic(LanguageRules):
    """The rules of Arabic."""

    tag = "ar"
    speller = SPELLER
    words = _WORDS
    money = parse_money(_MONEY)
    units = read_units("ar")
    months = month_numbers(_MONTHS)
    month_names = _MONTHS
    references = _REFERENCES
    literals = _LITERALS
    scales = parse_units(_SCALES)
    #: a conjunction or preposition is written right before its number: و3, ب5
    early_rules = (
        ReadingRule(re.compile(r"(?<!\w)(?P<word>[وف]?[وفبل])(?=\d)"), lambda found: found["word"] + _JOINER),
    )
    late_rules = (ReadingRule(re.compile(_JOINER), lambda _found: ""),)
    own_rules = (
        ReadingRule(re.compile(r"(?<![\w%٪])[٪%](?P<n>\d+(?:[.,٫]\d+)?)(?![\w.,]\d)"), lambda found: f"{found['n']}%"),
        ReadingRule(re.compile(r"(?<=\d)\s?هـ(?!\w)"), lambda _found: " هجري"),
        *ARABIC_ORDINALS,
        ReadingRule(re.compile(r"(?<=\d)٫(?=\d)"), lambda _found: "."),
        ReadingRule(re.compile(r"(?<=\d)٬(?=\d{3})"), lambda _found: ","),
        *ARABIC_RANGES,
        ReadingRule(COUNTED, read_counted),
    )

    def plural(self, number: int | None) -> int:
        if number is None:
            return 4
        if number in (1, 2):
            return number - 1
        below = number % 100
        return 2 if 3 <= below <= 10 else 3 if below >= 11 else 4

    def clock(self, hour: int, minute: int) -> str:
        return clock_words(hour, minute)

    def mixed(self, whole: int, top: int, bottom: int, noun: str = "", gender: str = "") -> str | None:
        """The noun stands between both parts: ساعتان ونصف."""
        part = self.fraction(top, bottom)
        words = counted_noun(whole, noun) if part and noun and not noun.startswith("ال") else None
        return f"{words} و{part}" if words else super().mixed(whole, top, bottom, noun, gender)

    def fraction(self, top: int, bottom: int) -> str | None:
        name, parts = _FRACTIONS.get(bottom), _PARTS.get(bottom)
        if top == 1 and name:
            return name
        if top == 2 and parts and name:
            return f"{name}ان"
        if 2 < top <= 10 and parts:
            return f"{self.speller.cardinal(top)} {parts}"
        return f"{self.speller.cardinal(top)} على {self.speller.cardinal(bottom)}"

    def year(self, number: int) -> str:
        """A year behind its noun: its tens are in the genitive, as its thousands are."""
        return _TENS_END.sub("ين", self.speller.cardinal(number))
