"""Russian: nouns and numbers agree in gender and case."""

import re

from seriatim.text.reading.language_rules import (
    LanguageRules,
    WrittenDate,
    month_numbers,
    parse_money,
    parse_units,
    read_units,
)  # fmt: skip
from seriatim.text.reading.languages.forms.russian_numbers import FEMININE_NOUNS, number_rules
from seriatim.text.reading.languages.forms.russian_numbers import early_rules as forms_early_rules
from seriatim.text.reading.languages.forms.russian_speller import RussianSpeller
from seriatim.text.reading.languages.russian_prepositions import preposition_rules, street_rules
from seriatim.text.reading.languages.slavic_cases import CaseTable, case_rules
from seriatim.text.reading.reading_rule import ReadingRule
from seriatim.text.reading.roman_numerals import roman_value

_MONTHS = ("января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября",
           "декабря")  # fmt: skip
_MONEY = """
₽ RUB руб. руб р. рублей рубля рубль | m рубль/рубля/рублей | f копейка/копейки/копеек
€ EUR евро | m евро | m цент/цента/центов
$ US$ USD доллар доллара долларов | m доллар/доллара/долларов | m цент/цента/центов
£ GBP      | m фунт/фунта/фунтов | m пенс/пенса/пенсов
¥ JPY      | f иена/иены/иен
CNY        | m юань/юаня/юаней
₴ UAH грн  | f гривна/гривны/гривен | f копейка/копейки/копеек
₸ KZT      | m тенге
₺ TRY      | f лира/лиры/лир
₿ BTC      | m биткоин/биткоина/биткоинов
коп. копеек копейки копейка | f копейка/копейки/копеек
"""
_SCALES = """
тыс. тыс тысяча тысячи тысяч       | f тысяча/тысячи/тысяч
млн млн. миллион миллиона миллионов | m миллион/миллиона/миллионов
млрд млрд. миллиард миллиарда миллиардов | m миллиард/миллиарда/миллиардов
"""
_WORDS = {
    "root": "корень из", "infinity": "бесконечность",
    "factorial": "факториал",
    "fold": "m раз/раза/раз", "power": "в степени {}",
    "minus": "минус", "plus": "плюс", "plusminus": "плюс-минус", "percent": "процентов",
    "point": "запятая", "dot": "точка",
    "permille": "промилле", "to": "–", "ratio": "к", "by": "на", "times": "умножить на",
    "squared": "в квадрате", "cubed": "в кубе",
    "and": "и", "at": "собака", "hashtag": "хештег", "arrow": "далее", "equals": "равно", "about": "примерно",
    "divided": "разделить на", "less": "меньше", "greater": "больше", "at_most": "не больше",
    "at_least": "не меньше", "unequal": "не равно", "version": "версия", "mixed": " и ", "cents": "full",
    "cents_and": "-", "day_mark": "-го|-е", "date_of": r"\s", "year_suffix": r"(?:\s(?:года|г\.))?", "over": "на",
}  # fmt: skip
_REFERENCES = {
    "с.": "страница", "стр.": "страница", "рис.": "рисунок", "гл.": "глава", "ст.": "статья", "табл.": "таблица",
    "№": "номер", "№№": "номера", "§": "параграф", "§§": "параграфы", "#": "номер", "~": "примерно",
    "тел.": "телефон", "п.": "пункт", "т.": "том", "д.": "дом", "кв.": "квартира", "ул.": "улица", "ок.": "около",
    "корп.": "корпус", "Рис.": "Рисунок", "Гл.": "Глава", "Ст.": "Статья", "Табл.": "Таблица",
}  # fmt: skip
_TITLES = {
    "ул.": "улица", "пл.": "площадь", "проф.": "профессор", "им.": "имени",
    "св.": "святой", "д-р": "доктор",
}  # fmt: skip
_LITERALS = {
    "и/или": "и или",
    "т.е.": "то есть", "т. е.": "то есть", "в т.ч.": "в том числе",
    "в т. ч.": "в том числе", "т.д.": "так далее",
    "т. д.": "так далее", "т.п.": "тому подобное", "т. п.": "тому подобное", "24/7": "двадцать четыре на семь",
    "и др.": "и другие", "т.к.": "так как", "т. к.": "так как", "до н. э.": "до нашей эры", "н. э.": "нашей эры",
    "и т.п.": "и тому подобное", "тел.": "телефон", "напр.": "например", "г-н": "господин", "г-жа": "госпожа",
    "г-на": "господина",
}  # fmt: skip
_CASES = {"": "", "g": "-genitive", "d": "-dative", "l": "-locative", "i": "-ablative"}
_SPELLER = RussianSpeller(
    "ru",
    {
        **{gender: f"spellout-cardinal-{name}"
           for gender, name in {"m": "masculine", "f": "feminine", "n": "neuter"}.items()},
        "mg": "spellout-cardinal-masculine-genitive",
        **{f"ordinal-{gender}{case}": f"spellout-ordinal-{name}{suffix}"
           for gender, name in {"m": "masculine", "f": "feminine", "n": "neuter", "p": "plural"}.items()
           for case, suffix in _CASES.items()},
    },
    {"^одна тысяча": "тысяча", "четверт": "четвёрт", "трех": "трёх", "четырех": "четырёх", "трем": "трём",
     "трёмя": "тремя", "четырем": "четырём"},
)  # fmt: skip
#: written endings of ordinal numbers, and their forms
_ENDINGS = {
    "й": "m", "ый": "m", "ой": "m", "я": "f", "ая": "f", "е": "n", "ое": "n", "го": "mg", "ого": "mg", "му": "md",
    "ому": "md", "м": "ml", "ом": "ml", "ым": "mi", "х": "pg", "ых": "pg", "ю": "f", "ую": "f", "ые": "p",
}  # fmt: skip
_TENTHS = ("десят", "сот", "тысячн")  #: parts of one, without their ending
_YEAR_CASES = {"год": "", "году": "l", "года": "g", "г.": "g", "г": "g", "годом": "i"}
_CENTURY_CASES = {"век": "", "века": "g", "веке": "l", "веку": "d", "веком": "i"}
_LOCATIVE = re.compile(r"\b(?:в|во|на|о|об|при)\s$", re.IGNORECASE)


def _year(found: re.Match[str]) -> str:
    """A year with its noun: `в 1984 году`, `1984 года`, `в 1984 г.`, with its case."""
    noun = found["noun"]
    case = _YEAR_CASES[noun]
    if noun in ("г.", "г"):
        case = "l" if _LOCATIVE.search(found.string[: found.start()]) else "g"
        noun = "году" if case == "l" else "года"
        stop = "." if found.end() == len(found.string) else ""
        return f"{_SPELLER.cardinal(int(found['n']), f'ordinal-m{case}')} {noun}{stop}"
    if noun == "году" and not _LOCATIVE.search(found.string[: found.start()]):
        case = "d"
    return f"{_SPELLER.cardinal(int(found['n']), f'ordinal-m{case}')} {noun}"


def _compound(found: re.Match[str]) -> str:
    """The first part of a word such as `20-летие`."""
    number = int(found["n"])
    return {1: "одно", 90: "девяносто", 100: "сто"}.get(number, _SPELLER.cardinal(number, "mg")).replace(" ", "")


def _decade(found: re.Match[str]) -> str:
    return _SPELLER.cardinal(int(found["n"]), "ordinal-p")


def _century(found: re.Match[str]) -> str:
    return f"{_SPELLER.cardinal(roman_value(found['n']), 'ordinal-m' + _CENTURY_CASES[found['noun']])} {found['noun']}"


def _span_of_years(found: re.Match[str]) -> str:
    """`в 1990–1995 гг.`: both years are ordinals."""
    stop, form = "." if found.end() == len(found.string) else "", "ordinal-ml" if found["at"] else "ordinal-m"
    first, last = (_SPELLER.cardinal(int(year), form) for year in re.findall(r"\d{4}", found["years"]))
    return f"{found['at'] or ''}{first} – {last} {'годах' if found['at'] else 'годы'}{stop}"


def _percentage(found: re.Match[str]) -> str:
    """`100%-ный`: the first part of an adjective."""
    return f"{_compound(found)}процент"


def _short_century(found: re.Match[str]) -> str:
    """`в XX в.`; the number is read with its noun."""
    before = (found["at"] or "").strip().lower()
    noun = {"в": "веке", "к": "веку"}.get(before, "века" if found.start() else "век")
    stop = "." if found.end() == len(found.string) else ""
    return f"{found['at'] or ''}{found['n']} {noun}{stop}"


_PLURAL_CASES = {"genitive": "genitive", "dative": "dative", "instrumental": "ablative", "locative": "locative"}


def _in_case(number: int, case: str, gender: str) -> str:
    if case == "nominative":
        return _SPELLER.cardinal(number, gender)
    return _SPELLER.spell(
        number, f"spellout-cardinal-{'feminine' if gender == 'f' else 'masculine'}-{_PLURAL_CASES[case]}"
    )


_UNITS = read_units("ru") | parse_units("% | m процент/процента/процентов")
_CASES_BEHIND = CaseTable(
    genitive_heads="до|от|около|без|для|после|из|у|кроме|против|среди|свыше|более|менее|больше|меньше|вместо|порядка"
    "|из-за|старше|моложе|младше|в течение|на протяжении|в возрасте|в размере|не позднее|не раньше"
    r"|со?(?=\s\d+\s(?:(?:часов|утра|вечера|дня|ночи)\s)?до\s\d)",
    endings={
        "dative": ("ко?|по|благодаря", "[ая]м"), "instrumental": ("со?|между|над|под|перед|за", "(?:[ая]|ь|и|ы)ми"),
        "locative": ("во?|на|об?|при|по", "[ая]х"),
    },
    spell=_in_case,
    counts_one=lambda number: number % 10 == 1 and number % 100 != 11,
    plural_genitive=re.compile(r"[^аеёиоуыэюя]$|^(?:и|или|до|по|на|в|за|утра|вечера|дня|ночи|не|то|а|но)$"),
    one_feminine="ыи", one_masculine="ая",
    not_counted=frozenset((*_MONTHS, "г", "год", "году", "гг", "годах", "век", "века", "в")),
    units=_UNITS | {symbol: each.major for symbol, each in parse_money(_MONEY).items()} | parse_units(_SCALES),
    minus="минус",
    genitive_forms=(1, 2),
)  # fmt: skip


class Russian(LanguageRules):
    """The rules of Russian."""

    tag = "ru"
    speller = _SPELLER
    words = _WORDS
    money = parse_money(_MONEY)
    units = _UNITS
    months = month_numbers(_MONTHS, "янв фев мар апр мая июн июл авг сен окт ноя дек")
    references = _REFERENCES
    literals = _LITERALS
    titles = _TITLES
    scales = parse_units(_SCALES)
    roman_heads = frozenset(("глава", "часть", "книга", "акт", "сцена", "том", "раздел", "статья"))
    early_rules = (
        *forms_early_rules(),
        *street_rules(),
        ReadingRule(re.compile(r"(?<!\w)ок\.(?=\s\d)"), lambda _found: "около"),
        ReadingRule(
            re.compile(r"(?<![\w/,.])(?<!\d\s)(?:1/2|½)\s(?P<spoon>ч|ст)\.\s?л\."),
            lambda found: f"пол {'чайной' if found['spoon'] == 'ч' else 'столовой'} ложки",
        ),
        ReadingRule(re.compile(r"(?<=[\d½¼¾⅓⅔]\s)(?P<spoon>ч|ст)\.\s(?=л\.)"), lambda found: f"{found['spoon']}."),
    )
    own_rules = (
        *number_rules(
            lambda number, form: _SPELLER.cardinal(number, f"ordinal-{form}"),
            lambda number: _in_case(number, "genitive", "m"),
        ),
        ReadingRule(
            re.compile(r"(?<!\w)(?P<at>[Вв]\s)?(?P<years>\d{4}\s?[-–—]\s?\d{4})\sгг\.(?=\s[а-яё]|[,;)]|$)"),
            _span_of_years,
        ),
        ReadingRule(re.compile(r"(?<![\w.,])(?P<n>\d{1,3})\s?%-(?=н[а-яё]{1,3}(?!\w))"), _percentage),
        ReadingRule(re.compile(r"(?<=\d)\s?х(?![\w-])(?=$|[\s,;.)])"), lambda _found: "x"),
        ReadingRule(re.compile(r"(?<=\d-е)\sгг\.(?=\s[а-яё]|[,;)])"), lambda _found: " годы"),
        ReadingRule(
            re.compile(r"(?<!\w)(?P<at>[ВвКк]\s)?(?P<n>[IVX]+)\sв\.(?=\s[а-яё]|[,;)]|$)"),
            _short_century,
        ),
        ReadingRule(re.compile(r"(?<![\w.,])(?P<n>\d{4})\s?(?P<noun>годом|году|года|год|г\.|г)(?!\w)"), _year),
        *preposition_rules(_in_case),
        *case_rules(_CASES_BEHIND),
        ReadingRule(re.compile(r"(?<![\w.,])(?P<n>\d{1,3})-(?=[а-яё]{4})"), _compound),
        ReadingRule(
            re.compile(r"(?<![\w.,])(?P<n>\d{1,4})-е(?=\s(?:годы|гг))"),
            _decade,
        ),
        ReadingRule(re.compile(r"(?<![\w.,])(?P<n>[12]\d\d0|[2-9]0)-е(?!\w)"), _decade),
        ReadingRule(re.compile(r"(?<!\w)(?P<n>[IVX]+)\s(?P<noun>век(?:а|е|у|ом)?)(?!\w)"), _century),
    )
    decimal_mark = ","
    group_marks = " ."
    ordinal_mark = "-(?:" + "|".join(sorted(_ENDINGS, key=len, reverse=True)) + ")"

    def plural(self, number: int | None) -> int:
        if number is None:
            return 1
        if number % 10 == 1 and number % 100 != 11:
            return 0
        return 1 if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14) else 2

    def agreement(self, number: int, noun: str) -> str:
        if number % 10 == 2 and number % 100 != 12:
            return "f" if noun[-1] in "ыи" else ""
        if number % 10 == 1 and number % 100 != 11:
            if noun in FEMININE_NOUNS:
                return "f"
            return {"а": "f", "я": "f", "о": "n", "е": "n"}.get(noun[-1], "")
        return ""

    def ordinal(self, number: int, mark: str, _before: str) -> str | None:
        return self.speller.cardinal(number, f"ordinal-{_ENDINGS[mark[1:].lower()]}")

    def date(self, date: WrittenDate) -> str:
        day = self.speller.cardinal(date.day, "ordinal-ng")
        year = f" {self.speller.cardinal(date.year, 'ordinal-mg')} года" if date.year else ""
        return f"{day} {_MONTHS[date.month - 1]}{year}"

    def clock(self, hour: int, minute: int) -> str:
        hours = f"{self.speller.cardinal(hour, 'm')} {('час', 'часа', 'часов')[self.plural(hour)]}"
        if not minute:
            return hours
        return f"{hours} {self.speller.cardinal(minute, 'f')} {('минута', 'минуты', 'минут')[self.plural(minute)]}"

    def fraction(self, top: int, bottom: int) -> str | None:
        if bottom == 2:
            return "одна вторая"
        if bottom > 20 and bottom not in (100, 1000):
            return None
        form = "ordinal-f" if top == 1 else "ordinal-pg"
        return f"{self.speller.cardinal(top, 'f')} {self.speller.cardinal(bottom, form)}"

    def decimal(self, whole: str, fraction: str, form: str) -> str | None:
        if (whole, fraction) == ("1", "5") and form:
            return "полторы" if form == "f" else "полтора"
        if len(fraction) > len(_TENTHS) or len(whole) > 1 + 5 * (whole[0] != "0"):
            return None
        number, parts = int(whole), int(fraction)
        units = "целая" if self.plural(number) == 0 else "целых"
        tenths = _TENTHS[len(fraction) - 1] + ("ая" if self.plural(parts) == 0 else "ых")
        return f"{self.speller.cardinal(number, 'f')} {units} {self.speller.cardinal(parts, 'f')} {tenths}"

    def mixed(self, whole: int, top: int, bottom: int, noun: str = "", gender: str = "") -> str | None:
        form = gender or (noun and self.agreement(2, noun))
        behind = f" {noun}" if noun else ""
        if (whole, top, bottom) == (1, 1, 2) and noun:
            return f"{'полторы' if form == 'f' else 'полтора'}{behind}"
        part = {2: "с половиной", 4: "с четвертью"}.get(bottom if top == 1 else 0)
        if part is None:
            return super().mixed(whole, top, bottom, noun)
        return f"{self.speller.cardinal(whole, form)} {part}{behind}"

    def compared(self, number: int) -> str:
        return _in_case(number, "dative", "m") if number else "нулю"

    def regnal(self, number: int, name: str = "") -> str:
        return self.speller.cardinal(number, f"ordinal-{'f' if name.endswith(('а', 'я', 'ь')) else 'm'}")
