"""Russian numbers with endings, in dates and years, and parts of laws: `на 3-м этаже`, `с 1 по 5 мая`, `в ст. 12`."""

import re
from collections.abc import Callable

from seriatim.text.reading.languages.forms.roman_pairs import war_rule
from seriatim.text.reading.reading_rule import ReadingRule
from seriatim.text.reading.roman_numerals import roman_value

_MONTHS = "января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря"
_LAWS = {  #: nominative, genitive, dative, prepositional
    "ст": ("статья", "статьи", "статье", "статье"), "п": ("пункт", "пункта", "пункту", "пункте"),
    "ч": ("часть", "части", "части", "части"), "гл": ("глава", "главы", "главе", "главе"),
    "стр": ("страница", "страницы", "странице", "странице"), "с": ("страница", "страницы", "странице", "странице"),
    "абз": ("абзац", "абзаца", "абзацу", "абзаце"),
}  # fmt: skip
_CASES = {
    **dict.fromkeys(("из", "от", "до", "для", "без", "после"), 1), **dict.fromkeys(("по", "к"), 2),
    **dict.fromkeys(("в", "во", "на", "о", "об", "при"), 3),
}  # fmt: skip
_LAW = re.compile(
    rf"(?<!\w)(?P<at>(?i:{'|'.join(sorted(_CASES, key=len, reverse=True))}))\s(?P<part>{'|'.join(_LAWS)})\.\s?(?=\d)"
)
_PART_OF_LAW = re.compile(r"(?<=\bст\.\s)(?P<n>\d{1,4})\s(?P<part>ч|п)\.\s(?=\d)")
_OF_ARTICLE = re.compile(r"(?<!\w)(?P<before>(?:пункт[еуа]?|част[иь])\s\d{1,3})\sст\.(?=\s\d)")
_YEAR_BEHIND_DATE = re.compile(r"(?<=\d\.\d{4})\s?(?:г\.(?=\s[а-яё(]|[,;)]|$)|года(?!\w))")
_CENTURIES = re.compile(
    r"(?<!\w)(?P<at>[Вв]\s)?(?P<a>[IVX]+)\s?(?P<link>и|[-–—])\s?(?P<b>[IVX]+)\s(?:вв\.|век(?:ах|а|ов))(?!\w)"
)
_YEARS = re.compile(r"(?<=\b[Вв]\s)(?P<a>\d{4})\s?[-–—]\s?(?P<b>\d{4})(?=\sгодах(?!\w))")
_DAY_OF_MONTH = r"[12]\d|3[01]|[1-9]"
_OF_MONTH = rf"\s(?=(?:{_MONTHS})(?!\w))"
_DAYS = re.compile(rf"(?<!\w)(?P<at>[Сс])\s(?P<first>{_DAY_OF_MONTH})\sпо\s(?P<last>{_DAY_OF_MONTH}){_OF_MONTH}")
_DAY = re.compile(rf"(?<!\w)(?P<at>(?i:ко?|на|за))\s(?P<n>{_DAY_OF_MONTH}){_OF_MONTH}")
_TIME = re.compile(r"(?<=\b[Вв]\s)(?P<h>[01]?\d|2[0-3])\.(?P<m>[0-5]\d)(?![\w%]|[.,:]\d|\s(?:раза|%))")
_BEFORE_ERA = re.compile(r"(?<![\w.,])(?P<n>\d{1,4})\s?г\.\s(?=(?:до\s)?(?:н\.\s?э\.|нашей эры))")

#: feminine nouns in a soft sign
FEMININE_NOUNS = frozenset(
    ["дочь", "ночь", "мать", "часть", "жизнь", "площадь", "цель",
     "роль", "степень", "область", "очередь", "вещь", "речь",
     "кровать", "дверь", "лошадь", "скорость", "возможность", "новость", "модель", "неделя", "мышь", "соль", "тетрадь"]
)  # fmt: skip


def _law(found: re.Match[str]) -> str:
    return f"{found['at']} {_LAWS[found['part']][_CASES[found['at'].lower()]]} "


def early_rules() -> list[ReadingRule]:
    """The rules of laws, which come before those of hours: ч. is a part, too."""
    return [
        ReadingRule(_PART_OF_LAW, lambda found: f"{found['n']} {_LAWS[found['part']][0]} "),
        ReadingRule(_LAW, _law),
        ReadingRule(_OF_ARTICLE, lambda found: f"{found['before']} статьи"),
    ]


def number_rules(ordinal: Callable[[int, str], str], genitive: Callable[[int], str]) -> list[ReadingRule]:
    """The rules of endings and dates; `ordinal` gives a number by gender and case, such as `ng`."""

    def locative(found: re.Match[str]) -> str:
        return ordinal(int(found["n"]), "ml")

    def without_ending(found: re.Match[str]) -> str:
        return genitive(int(found["n"]))

    return [
        *_century_rules(ordinal),
        ReadingRule(_BEFORE_ERA, lambda found: f"{ordinal(int(found['n']), 'm')} год "),
        ReadingRule(_YEAR_BEHIND_DATE, lambda found: "." if found.end() == len(found.string) else ""),
        *_day_rules(ordinal),
        ReadingRule(re.compile(r"(?<![\w.,-])(?P<n>\d{1,4})-м(?=\s[а-яё])"), locative),
        ReadingRule(re.compile(r"(?<![\w.,-])(?P<n>[2-4])-х(?!\w)"), without_ending),
        ReadingRule(re.compile(r"(?<![\w.,-])(?P<n>\d{1,2})-ти(?!\w)"), without_ending),
        ReadingRule(_TIME, lambda found: f"{found['h']}:{found['m']}"),
        ReadingRule(re.compile(r"(?<=\b[Вв]\s)(?P<n>\d{1,3})(?=\sгоду(?!\w))"), locative),
        ReadingRule(re.compile(r"(?<=\d)х(?=\d)"), lambda _found: "x"),
    ]


def _century_rules(ordinal: Callable[[int, str], str]) -> list[ReadingRule]:
    def centuries(found: re.Match[str]) -> str:
        form = "ml" if found["at"] else "m"
        first, last = (ordinal(roman_value(found[which]), form) for which in ("a", "b"))
        stop = "." if found[0].endswith(".") and found.end() == len(found.string) else ""
        link = "и" if found["link"] == "и" else "–"
        return f"{found['at'] or ''}{first} {link} {last} {'веках' if found['at'] else 'века'}{stop}"

    return [
        war_rule(
            {
                "мировая\\sвойна": ("первая", "вторая"),
                "мировой\\sвойн[ыеоаой]*": ("первой", "второй"),
                "мировую\\sвойну": ("первую", "вторую"),
            }
        ),
        ReadingRule(_CENTURIES, centuries),
        ReadingRule(_YEARS, lambda found: " – ".join(ordinal(int(found[year]), "ml") for year in ("a", "b"))),
    ]


def _day_rules(ordinal: Callable[[int, str], str]) -> list[ReadingRule]:
    def days(found: re.Match[str]) -> str:
        return f"{found['at']} {ordinal(int(found['first']), 'ng')} по {ordinal(int(found['last']), 'n')} "

    def day(found: re.Match[str]) -> str:
        case = "nd" if found["at"].lower() in ("к", "ко") else "n"
        return f"{found['at']} {ordinal(int(found['n']), case)} "

    return [ReadingRule(_DAYS, days), ReadingRule(_DAY, day)]
