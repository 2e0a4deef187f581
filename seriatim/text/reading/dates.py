"""Dates: of ISO 8601, with slashes or stops, and with the name of the month."""

import re
from itertools import takewhile

from seriatim.text.reading.language_rules import WrittenDate
from seriatim.text.reading.number_grammar import NumberGrammar, word_before
from seriatim.text.reading.reading_rule import ReadingRule

_DASH = r"\s?[-–—]\s?"
#: words before `14/7` that say that it is a date, as long as no noun is behind it
_BEFORE_DATE = {
    "es": "el|del|al|día", "fr": "le|du|au", "it": "il|del|dal|al|giorno", "pt": "dia|em|até", "nl": "op", "pl": "dnia",
}  # fmt: skip
_NO_FRACTION = r"(?![\w/]|[.,]\d|\s(?:d[eai]\w{0,3}|d['’]|van|parte|do)(?!\w))"
#: el 1/3 inferior, em 2/3 dos casos
_NO_COMMON_FRACTION = r"(?!1/[2-9](?!\d)|2/[35](?!\d)|3/[458](?!\d)|4/5(?!\d))"
#: words before the number of a section, in small letters
_SECTIONS = frozenset(
    ["section", "example", "chapter", "figure", "table", "version", "release", "paragraph", "clause", "step",
     "beispiel", "abschnitt", "kapitel", "abbildung", "tabelle", "punkt", "exemple", "chapitre", "tableau", "sección",
     "ejemplo", "capítulo", "sezione", "esempio", "capitolo", "tabella", "seção", "exemplo", "sectie", "hoofdstuk",
     "voorbeeld", "rozdział", "przykład", "раздел", "пример", "глава", "пункт", "bölüm", "örnek"]
)  # fmt: skip
#: the two parts of a time stamp are read by themselves
_TIMESTAMP = re.compile(r"(?<![\w-])(?P<date>\d{4}-\d\d-\d\d)T(?P<time>\d\d:\d\d(?::\d\d)?)(?:\.\d+)?Z?(?![\w:])")


def date_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """The rules of dates in one language."""
    names = "|".join(sorted((re.escape(name) for name in grammar.rules.months), key=len, reverse=True))
    day = r"(?P<d>[12]\d|3[01]|0?[1-9])"
    mark = grammar.words.get("day_mark", "")
    of = grammar.words.get("date_of", r"\s")
    year = rf"(?:(?:{grammar.words.get('year_of', of)})(?P<y>\d{{4}}))?{grammar.words.get('year_suffix', '')}"

    def read(found: re.Match[str]) -> str | None:
        return _date(grammar, found)

    def read_range(found: re.Match[str]) -> str | None:
        return _date_range(grammar, found)

    heads = _BEFORE_DATE.get(grammar.rules.tag, "(?!)")
    digits = _NO_COMMON_FRACTION + r"(?P<d>[12]\d|3[01]|0?[1-9])(?P<sep>/)(?P<m>1[0-2]|0?[1-9])(?P<y>)"
    rules = [
        ReadingRule(re.compile(rf"(?i:(?<!\w)(?P<head>{heads}))\s{digits}{_NO_FRACTION}"), read),
        ReadingRule(_TIMESTAMP, lambda found: f"{found['date']} {found['time']}"),
        grammar.rule(r"(?P<y>[12]\d{3})(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})", read),
        grammar.rule(r"(?P<d>\d{1,2})(?P<sep>[/.-])(?P<m>\d{1,2})(?P=sep)(?P<y>[12]\d{3}|\d\d)", read),
        grammar.rule(r"(?<![eE]xp )(?=0|\d\d?/0)(?P<d>\d{1,2})(?P<sep>/)(?P<m>\d{1,2})(?P<y>)(?!/)", read),
    ]
    if grammar.rules.tag == "de":
        rules.append(grammar.rule(r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>)(?P<sep>)", read))
    if names:
        last = day.replace("<d>", "<last>")
        if grammar.rules.spaced:
            rules.append(
                grammar.rule(
                    rf"{day}(?:{mark})?{_DASH}{last}(?:{mark})?(?:{of})(?P<name>{names})\.?{year}",
                    read_range,
                    re.IGNORECASE,
                )
            )
        if grammar.rules.month_names_first:
            days = rf"{day}(?:st|nd|rd|th)?{_DASH}{last}(?:st|nd|rd|th)?(?:,?\s(?P<y>\d{{4}}))?"
            first = rf"(?<!\w)(?P<name>{names})\.?\s{days}{grammar.after}(?!\s?(?:%|:))"
            rules.append(ReadingRule(re.compile(first, re.IGNORECASE), read_range))
        rules.append(grammar.rule(rf"{day}(?:{mark})?(?:{of})(?P<name>{names})\.?{year}", read, re.IGNORECASE))
        if grammar.rules.month_names_first:
            first = rf"(?P<name>{names})\.?\s{day}(?:st|nd|rd|th)?(?:,?\s(?P<y>\d{{4}}))?"
            rules.append(ReadingRule(re.compile(rf"(?<!\w){first}{grammar.after}(?!\s?(?:%|:))", re.IGNORECASE), read))
    return rules


def _date_range(grammar: NumberGrammar, found: re.Match[str]) -> str | None:
    """Two days of a month: what the two dates have in common appears once."""
    if not found["name"][0].isupper() and grammar.rules.month_names_first:
        return None
    month, year = grammar.rules.months[found["name"].lower()], int(found["y"]) if found["y"] else None
    day_first = found.start("d") < found.start("name")
    first_day, last_day = int(found["d"]), int(found["last"])
    other_day = 2 if first_day % 10 == 3 else 3  # with which a date shares no word of its day, as 21 and 31 do
    firsts, lasts, others = (
        grammar.rules.date(WrittenDate(day, month, year, word_before(found), day_first)).split()
        for day in (first_day, last_day, other_day)
    )
    shared = min(_n_common(firsts[::-1], each[::-1]) for each in (lasts, others))
    before = _n_common(firsts, lasts) if not day_first else 0
    stop = "." if found[0].endswith(".") and found.end() == len(found.string) else ""
    first = " ".join(firsts[: len(firsts) - shared]).rstrip(",")
    return f"{first} {grammar.words['to']} {' '.join(lasts[before:])}{stop}"


def _n_common(first: list[str], last: list[str]) -> int:
    """The number of words that two lists begin with alike."""
    return len(list(takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))))


def _date(grammar: NumberGrammar, found: re.Match[str]) -> str | None:
    named = found.groupdict()
    if named.get("name"):
        if not named["name"][0].isupper() and grammar.rules.month_names_first:
            return None  # "may 5", "mar 3": no month
        month = grammar.rules.months[named["name"].lower()]
        year = int(named["y"]) if named["y"] else None
        day_first = found.start("d") < found.start("name")
        words = grammar.rules.date(WrittenDate(int(named["d"]), month, year, word_before(found), day_first))
        return words + ("." if found[0].endswith(".") and found.end() == len(found.string) else "")
    day, month = int(named["d"]), int(named["m"])
    year = _full_year(named["y"], named["sep"]) if named["y"] else None
    if named["sep"] in ("", ".") and len(named["y"]) < len("2005") and _is_section(grammar, found):
        return None
    if found.start("d") < found.start("m"):  # not ISO 8601
        if named["sep"] == "/" and grammar.rules.month_first:
            day, month = month, day
        if month > 12 >= day:
            day, month = month, day
    if (named["y"] and year is None) or not (1 <= day <= 31 and 1 <= month <= 12):
        return None
    head = named.get("head") or ""
    before = head.lower() or word_before(found)
    words = grammar.rules.date(WrittenDate(day, month, year, before, not grammar.rules.month_first))
    return (
        (f"{head} " if head else "")
        + words
        + ("." if found[0].endswith(".") and found.end() == len(found.string) else "")
    )


def _is_section(grammar: NumberGrammar, found: re.Match[str]) -> bool:
    """Is that the number of a section, 3.4.10: a word says so, or in English what dates are not written like?"""
    is_short = not len(found["d"]) == len(found["m"]) == len("03")
    return word_before(found) in _SECTIONS or (grammar.rules.tag == "en" and is_short)


def _full_year(digits: str, mark: str) -> int | None:
    """The year; None where two digits with dashes are no date."""
    if len(digits) == 4:
        return int(digits)
    return None if mark == "-" else int(digits) + (2000 if int(digits) < 70 else 1900)
