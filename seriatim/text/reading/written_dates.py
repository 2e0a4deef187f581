"""Written dates: a date of parts, such as a day and a month, as its language writes it, for reading to say."""

import re
from collections.abc import Mapping

from seriatim.text.reading.sentence_reader import language_rules, ordinal_words

_PARTS = re.compile(r"\d+")
#: orders of the parts of a date, as SSML names them: a day, a month, a year
_ORDERS = frozenset(["mdy", "dmy", "ymd", "ydm", "md", "dm", "my", "ym", "d", "m", "y"])
_REPEATED = re.compile(r"(.)\1+")
_FIRST_OF_LAST_CENTURY = 70  #: years of two digits from here on are of the last century
#: how languages write a day with a month, and a month with a year; others put a space between
_DAY_AND_MONTH = {"de": "{d}. {m}", "es": "{d} de {m}", "pt": "{d} de {m}", "ja": "{n}月{d}日", "zh": "{n}月{d}日",
                  "cmn": "{n}月{d}日", "ko": "{n}월 {d}일"}  # fmt: skip
_MONTH_AND_YEAR = {"es": "{m} de {y}", "pt": "{m} de {y}", "ru": "{m} {y} года", "pl": "{m} {y} roku",
                   "ja": "{y}年{n}月", "zh": "{y}年{n}月", "cmn": "{y}年{n}月", "ko": "{y}년 {n}월"}  # fmt: skip
_MONTHS_ALONE = {"ja": "{n}月", "zh": "{n}月", "cmn": "{n}月", "ko": "{n}월"}
_POLISH_MONTHS = ("styczeń", "luty", "marzec", "kwiecień", "maj", "czerwiec", "lipiec", "sierpień", "wrzesień",
                  "październik", "listopad", "grudzień")  # fmt: skip
_CAPITALIZED = frozenset(["de", "en", "tr"])  #: languages whose months have capitals


def written_date(content: str, order: str, language: str) -> str:
    """A date as the language writes it; "" if the content has no such parts, or is read as it stands.

    `order`: of the letters d, m and y, such as `dm`, or `yyyymmdd`. A whole date is in ISO 8601.
    """
    order = _REPEATED.sub(r"\1", order)
    parts = _parts(content, order) if order in _ORDERS else {}
    if not parts or not (1 <= parts.get("m", 1) <= 12 and 1 <= parts.get("d", 1) <= 31):
        return ""
    if len(parts) == len("dmy"):
        return f"{parts['y']:04}-{parts['m']:02}-{parts['d']:02}"
    base = language.lower().partition("-")[0] or "en"
    if "m" not in parts:
        return ordinal_words(str(parts["d"]), language) if "d" in parts and base == "en" else ""
    form = (_DAY_AND_MONTH if "d" in parts else _MONTH_AND_YEAR if "y" in parts else _MONTHS_ALONE).get(base, "")
    name = _month(parts["m"], language, of_day="d" in parts)
    if not form and not name:
        return ""
    before = "{m} {d}" if _is_month_first(language) else "{d} {m}"
    form = form or (before if "d" in parts else "{m} {y}" if "y" in parts else "{m}")
    return form.format(d=parts.get("d"), m=name, n=parts["m"], y=parts.get("y"))


def _parts(content: str, order: str) -> dict[str, int]:
    """The numbers of a date by the letters of its order; none where there are more or fewer."""
    found = _PARTS.findall(content)
    if len(found) == 1 and len(found[0]) == 2 * len(order) + 2 * ("y" in order):
        lengths = [4 if letter == "y" else 2 for letter in order]
        found = [found[0][sum(lengths[:at]) : sum(lengths[: at + 1])] for at in range(len(order))]
    if len(found) != len(order) or any(len(digits) > len("2005") for digits in found):
        return {}
    parts: Mapping[str, str] = dict(zip(order, found, strict=True))
    numbers = {letter: int(digits) for letter, digits in parts.items()}
    if len(parts.get("y", "2005")) <= 2:
        numbers["y"] += 2000 if numbers["y"] < _FIRST_OF_LAST_CENTURY else 1900
    return numbers


def _month(month: int, language: str, *, of_day: bool) -> str:
    """The name of a month, 1..12, as it stands behind a day or by itself; "" where the language numbers them."""
    rules = language_rules(language)
    name = next((name for name, number in rules.months.items() if number == month), "") if rules else ""
    if rules and rules.tag == "pl" and not of_day:
        return _POLISH_MONTHS[month - 1]
    if rules and rules.tag == "ru" and not of_day:
        return "май" if month == 5 else name[:-1] + ("" if name.endswith("та") else "ь")
    return name.capitalize() if rules and rules.tag in _CAPITALIZED else name


def _is_month_first(language: str) -> bool:
    rules = language_rules(language)
    return rules is not None and rules.month_first
