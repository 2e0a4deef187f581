"""Service numbers of France and Italy, read as people say them: `3639`, `118 218`, `0 800 123 456`, `800-123456`."""

import re

from seriatim.text.reading.number_speller import NumberSpeller
from seriatim.text.reading.reading_rule import ReadingRule

#: how far before a number words about a call are looked for
_CALL_CHARS = 60
_FRENCH_CALL = re.compile(
    r"(?<!\w)(?:(?:r?appel|compos|téléphon|contact|joign|num[ée]r)\w*|joindre|tap(?:ez|er)|SMS|téléphonique|tél\.)(?!\w)",
    re.IGNORECASE,
)
_ITALIAN_CALL = re.compile(
    r"(?<!\w)(?:(?:chiam|telefon|contatt|numer|chied)\w*|verde|tel\.?|fax|call center|n\.)(?!\w)", re.IGNORECASE
)
_OTHER_CLAUSE = re.compile(r"[;!?]|(?<=\w{4})\.\s")
_NO_MORE = r"(?!\w|[.,-]\d|\s\d)"


def french_services(speller: NumberSpeller) -> tuple[ReadingRule, ...]:
    """The rules of these numbers in French, which reads them in groups."""

    def group(digits: str) -> str:
        """Its zeros one by one, and the rest as a number: zéro huit cents."""
        rest = digits.lstrip("0")
        numbers = [0] * (len(digits) - len(rest)) + ([int(rest)] if rest else [])
        return " ".join(map(speller.cardinal, numbers))

    def groups(found: re.Match[str]) -> str:
        return ", ".join(map(group, re.findall(r"\d+", found[0])))

    def short(found: re.Match[str]) -> str | None:
        return f"{group(found['a'])} {group(found['b'])}" if _is_called(found, _FRENCH_CALL) else None

    return (
        ReadingRule(re.compile(rf"(?<![\w.,+-])(?<!\d\s)0\s8\d\d\s\d{{3}}\s\d{{3}}{_NO_MORE}"), groups),
        ReadingRule(re.compile(rf"(?<![\w.,+-])(?<!\d\s)08\d\d(?:[\s.]\d\d){{3}}{_NO_MORE}"), groups),
        ReadingRule(re.compile(rf"(?<![\w.,+-])(?<!\d\s)118\s\d{{3}}{_NO_MORE}"), groups),
        ReadingRule(re.compile(rf"(?:(?<=\ble\s)|(?<=\bau\s)|(?<=\bdu\s))(?P<a>3\d|10)(?P<b>\d\d){_NO_MORE}"), short),
    )


def italian_services(speller: NumberSpeller) -> tuple[ReadingRule, ...]:
    """The rules of these numbers in Italian: eight hundred, and the rest digit by digit."""

    def groups(found: re.Match[str]) -> str | None:
        if not ("-" in found[0] or _is_called(found, _ITALIAN_CALL)):
            return None
        first, *rest = re.findall(r"\d+", found[0])
        return ", ".join([speller.cardinal(int(first)), *map(speller.digits, rest)])

    number = (
        r"(?!\S+\s(?:euro|€|lire|dollari))(?:80[03]|84[0-8]|89[259]|199)[\s.-](?:\d{3}[\s.-]?\d{3}|\d\d\s\d\d\s\d\d)"
    )
    return (ReadingRule(re.compile(rf"(?<![\w.,+-])(?<!\d\s){number}{_NO_MORE}"), groups),)


def _is_called(found: re.Match[str], call: re.Pattern[str]) -> bool:
    """Is the clause before a number about a call?"""
    before = found.string[max(0, found.start() - _CALL_CHARS) : found.start()]
    return call.search(_OTHER_CLAUSE.split(before)[-1]) is not None
