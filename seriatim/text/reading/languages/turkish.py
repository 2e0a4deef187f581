"""Turkish."""

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
from seriatim.text.reading.roman_numerals import roman_value

_MONTHS = ("Ocak", "Şubat", "Mart", "Nisan", "Mayıs", "Haziran", "Temmuz", "Ağustos", "Eylül", "Ekim", "Kasım",
           "Aralık")  # fmt: skip
_SHORT_MONTHS = {name[:3]: name for name in _MONTHS}
_MONEY = """
₺ TL TRY  | - lira | - kuruş
$ US$ USD | - dolar | - sent
€ EUR avro | - avro | - sent
£ GBP     | - sterlin | - peni
¥ JPY     | - yen
₽ RUB     | - ruble | - kopek
₿ BTC     | - bitcoin
"""
_SCALES = """
bin          | - bin
milyon mn    | - milyon
milyar mr    | - milyar
"""
_WORDS = {
    "root": "karekök", "infinity": "sonsuz", "squared": "kare", "cubed": "küp",
    "factorial": "faktöriyel", "score": "",
    "fold": "- kat", "power": "üzeri {}",
    "minus": "eksi", "plus": "artı", "plusminus": "artı eksi", "point": "virgül", "dot": "nokta",
    "percent": "yüzde ", "permille": "binde ", "percent_first": "yes", "to": "ila", "ratio": "bölü", "by": "çarpı",
    "times": "çarpı", "and": "ve", "at": "et", "hashtag": "etiket", "arrow": "sonra", "equals": "eşittir",
    "about": "yaklaşık", "divided": "bölü", "less": "küçüktür", "greater": "büyüktür", "at_most": "en fazla",
    "at_least": "en az", "unequal": "eşit değildir", "version": "sürüm", "mixed": " tam ", "cents": "full",
    "cents_and": "-", "date_of": r"\s", "clock_marks": r"[:.]", "over": "bölü",
}  # fmt: skip
_REFERENCES = {
    "s.": "sayfa", "No.": "numara", "no.": "numara", "No:": "numara", "№": "numara", "§": "paragraf", "#": "numara",
    "~": "yaklaşık", "böl.": "bölüm", "Tel.": "telefon", "md.": "madde",
}  # fmt: skip
_TITLES = {
    "Dr.": "doktor", "Sn.": "sayın", "Prof.": "profesör", "Doç.": "doçent", "Av.": "avukat", "Hz.": "hazreti",
    "St.": "Sen",
}  # fmt: skip
_LITERALS = {
    "ve/veya": "ve veya",
    "tel.": "telefon",
    "24/7": "yedi yirmi dört", "M.Ö.": "milattan önce",
    "vb.": "ve benzeri", "Cad.": "Caddesi", "Sok.": "Sokağı", "Mah.": "Mahallesi",
    "örn.": "örneğin", "vs.": "vesaire", "M.S.": "milattan sonra",
}  # fmt: skip
_SPELLER = NumberSpeller("tr", {"ordinal": "spellout-ordinal"})


_NUMBER_WORDS = "|".join(
    (
        "sıfır", "bir", "iki", "üç", "dört", "beş", "altı", "yedi", "sekiz", "dokuz", "on", "yirmi", "otuz", "kırk",
        "elli", "altmış", "yetmiş", "seksen", "doksan", "yüz", "bin", "milyon", "milyar",
    )
)  # fmt: skip

_SUFFIX = re.compile(rf"(?<!\w)(?P<word>{_NUMBER_WORDS})['’](?=[a-zçğıöşü])")


_BACK, _FRONT = str.maketrans("eiüö", "aıuo"), str.maketrans("aıuo", "eiüö")
#: behind a unit or a month that was an abbreviation or a number, a suffix that was written for it: 100 TL'ye
_TIMES = ("saat", "dakika", "saniye", "gün", "hafta", "ay", "yıl")  #: words that people write out
_COUNTED = sorted(
    {
        noun.forms[0].split()[-1]
        for noun in [*read_units("tr").values(), *(each.major for each in parse_money(_MONEY).values())]
        if noun.forms[0][-1].isalpha() and noun.forms[0] not in _TIMES
    },
    key=len,
    reverse=True,
)
_WRITTEN_SUFFIX = re.compile(
    rf"(?<!\w)(?P<word>{'|'.join([*_COUNTED, *_MONTHS])})['’](?P<suffix>[a-zçğıöşü]{{1,6}})(?!\w)"
)


def _harmonious(found: re.Match[str]) -> str:
    """The suffix with vowels that go with the last one of the word: yüz liraya."""
    vowel = next((letter for letter in reversed(found["word"]) if letter in "aıoueiöü"), "e")
    suffix = found["suffix"].translate(_BACK if vowel in "aıou" else _FRONT)
    if found["word"][-1] in "çfhkpsşt" and suffix[0] == "d":
        suffix = "t" + suffix[1:]
    return found["word"] + suffix if found["word"][0].islower() else f"{found['word']}'{suffix}"


def _century(found: re.Match[str]) -> str:
    return f"{_SPELLER.cardinal(roman_value(found['n']), 'ordinal')} {found['noun']}"


class Turkish(LanguageRules):
    """The rules of Turkish."""

    tag = "tr"
    speller = _SPELLER
    words = _WORDS
    money = parse_money(_MONEY)
    units = read_units("tr")
    months = month_numbers(_MONTHS, "oca. şub. mar. nis. may. haz. tem. ağu. eyl. eki. kas. ara.")
    month_names = _MONTHS
    references = _REFERENCES
    literals = _LITERALS
    titles = _TITLES
    scales = parse_units(_SCALES)
    roman_heads = frozenset(("bölüm", "kısım", "kitap", "perde", "sahne", "cilt", "madde"))
    own_rules = (
        ReadingRule(
            re.compile(rf"(?<![\w.,])(?P<d>\d{{1,2}})\s(?P<m>{'|'.join(_SHORT_MONTHS)})\.?(?=\s[12]\d{{3}}(?!\w))"),
            lambda found: f"{found['d']} {_SHORT_MONTHS[found['m']]}",
        ),
        ReadingRule(re.compile(r"(?<!\w)yy\.['’]?"), lambda _found: "yüzyıl"),
        ReadingRule(re.compile(r"(?<!\w)(?P<n>[IVX]+)\.\s(?P<noun>[^\W\d_]{3,})"), _century),
        ReadingRule(re.compile(r"(?<!\w)(?P<n>[IVX]+)\.?\s(?P<noun>[yY]üzyıl)"), _century),
    )
    #: behind words, the suffix of a number needs no apostrophe: on dörtte
    late_rules = (ReadingRule(_SUFFIX, lambda found: found["word"]), ReadingRule(_WRITTEN_SUFFIX, _harmonious))
    decimal_mark = ","
    group_marks = "."
    fraction_as_number = True
    ordinal_mark = r"\.(?=\s[a-zçğıöşü])|['’]?(?:inci|ıncı|uncu|üncü|nci|ncı|ncu|ncü)"

    def plural(self, _number: int | None) -> int:
        return 0

    def ordinal(self, number: int, _mark: str, _before: str) -> str | None:
        return self.speller.cardinal(number, "ordinal")

    def clock(self, hour: int, minute: int) -> str:
        minutes = f" {'sıfır ' if minute < 10 else ''}{self.speller.cardinal(minute)}" if minute else ""
        return f"{self.speller.cardinal(hour)}{minutes}"

    def fraction(self, top: int, bottom: int) -> str | None:
        if (top, bottom) == (1, 2):
            return "yarım"
        word = self.speller.cardinal(bottom)
        vowel = next(letter for letter in reversed(word) if letter in "aıoueiöü")
        ending = ("t" if word[-1] in "çfhkpsşt" else "d") + ("a" if vowel in "aıou" else "e")
        return f"{word}{ending} {self.speller.cardinal(top)}"

    def mixed(self, whole: int, top: int, bottom: int, noun: str = "", _gender: str = "") -> str | None:
        if (top, bottom) != (1, 2):
            return super().mixed(whole, top, bottom, noun)
        return f"{self.speller.cardinal(whole)} buçuk{' ' if noun else ''}{noun}"

    def regnal(self, number: int, _name: str = "") -> str:
        return self.speller.cardinal(number, "ordinal")
