"""Russian prepositions with times and parts of laws: `с 9:00 до 18:30`, `к 10:15`, `согласно п. 2 ст. 15`."""

import re
from collections.abc import Callable

from seriatim.text.reading.reading_rule import ReadingRule

_TIME = re.compile(
    r"(?<!\w)(?P<at>(?i:со?|до|от|после|около|ко?))\s(?P<h>[01]?\d|2[0-4])[:.](?P<m>[0-5]\d)"
    r"(?![\w:]|[.,]\d|\s?[-–—]\s?\d)"
)
_HOURS = {"genitive": ("часа", "часов"), "dative": ("часу", "часам")}
_MINUTES = {"genitive": ("минуты", "минут"), "dative": ("минуте", "минутам")}
_PARAGRAPH = re.compile(r"(?<=п\.\s)(?P<n>\d{1,3})\sст\.(?=\s\d)")
_ACCORDING = re.compile(r"(?<=[Сс]огласно\s)(?P<part>п|ст|ч)\.(?=\s(?:\d|\w+ статьи))")
_PARTS = {"п": "пункту", "ст": "статье", "ч": "части"}
#: на ул. Мира, с ул. Мира, к ул. Мира; см. гл. 3
_STREET = re.compile(r"(?<!\w)(?P<at>(?i:на|по|в|о|к|при|с|от|до|у|из|около|возле|вдоль|за|над|под))\sул\.(?=\s)")
_STREETS = {"улице": ("на", "по", "в", "о", "к", "при"), "улицей": ("за", "над", "под")}
_SEE = re.compile(r"(?<!\w)(?<!\d\s)(?P<see>[Сс])м\.\s(?:(?P<part>гл|стр|с|табл|ст)\.(?=\s\d)|(?=рис\.|п\.|§|№|также))")
_SEEN = {"гл": "главу", "стр": "страницу", "с": "страницу", "табл": "таблицу", "ст": "статью"}
_SEEING = re.compile(r"[Сс]мотри\s[^.;]*$")
_CITY = re.compile(r"(?<!\w)(?<!\d\s)г\.(?=\s[А-ЯЁ][а-яё])")


def preposition_rules(spell: Callable[[int, str, str], str]) -> list[ReadingRule]:
    """The rules of these; `spell` gives a number in words, by its case and gender."""

    def counted(number: int, case: str, gender: str, nouns: tuple[str, str]) -> str:
        is_one = number % 10 == 1 and number % 100 != 11
        return f"{spell(number, case, gender)} {nouns[0 if is_one else 1]}"

    def time(found: re.Match[str]) -> str:
        case = "dative" if found["at"].lower() in ("к", "ко") else "genitive"
        hour, minute = int(found["h"]), int(found["m"])
        minutes = f" {counted(minute, case, 'f', _MINUTES[case])}" if minute else ""
        return f"{found['at']} {counted(hour, case, 'm', _HOURS[case])}{minutes}"

    def paragraph(found: re.Match[str]) -> str:
        return f"{spell(int(found['n']), 'nominative', 'm')} статьи"

    return [
        ReadingRule(_TIME, time),
        ReadingRule(_PARAGRAPH, paragraph),
        ReadingRule(_ACCORDING, lambda found: _PARTS[found["part"]]),
        ReadingRule(_CITY, lambda _found: "город"),
    ]


def street_rules() -> list[ReadingRule]:
    """The rules of streets behind prepositions, and of what is to be seen elsewhere."""

    def street(found: re.Match[str]) -> str:
        at = found["at"].lower()
        return f"{found['at']} {next((form for form, heads in _STREETS.items() if at in heads), 'улицы')}"

    def seen(found: re.Match[str]) -> str | None:
        is_seen = _SEEING.search(found.string, 0, found.start())
        return _SEEN[found["part"]] if is_seen else None

    return [
        ReadingRule(_STREET, street),
        ReadingRule(_SEE, lambda found: f"{found['see']}мотри {_SEEN.get(found['part'], '')}"),
        ReadingRule(re.compile(r"(?<=\bи\s)(?P<part>гл|стр|табл|ст)\.(?=\s\d)"), seen),
    ]
