"""Roman pairs and world wars: `siglos XVII y XVIII`, `XVII-XVIII secolo`, `II Guerra Mundial`."""

import re
from collections.abc import Callable, Mapping

from seriatim.text.reading.reading_rule import ReadingRule
from seriatim.text.reading.roman_numerals import roman_value

_NUMERAL = r"(?=[IVX])X{0,3}(?:IX|IV|V?I{0,3})"


def century_pair_rule(heads: str, links: str, spell: Callable[[int], str]) -> ReadingRule:
    """Two centuries behind their noun; `heads` and `links` are regular expressions."""

    def pair(found: re.Match[str]) -> str:
        first, last = (spell(roman_value(found[which])) for which in ("first", "last"))
        return f"{found['head']} {first}{found['link']}{last}"

    return ReadingRule(
        re.compile(
            rf"(?<!\w)(?P<head>(?i:{heads}))\s(?P<first>{_NUMERAL})(?P<link>\s(?:{links})\s)(?P<last>{_NUMERAL})(?!\w)"
        ),
        pair,
    )


def war_rule(ordinals: Mapping[str, tuple[str, str]]) -> ReadingRule:
    """A world war: the ordinals of one and two by a regular expression of the words behind them."""
    wars = "|".join(f"(?P<w{at}>{war})" for at, war in enumerate(ordinals))
    forms = list(ordinals.values())

    def war(found: re.Match[str]) -> str:
        words = next(forms[at] for at in range(len(forms)) if found[f"w{at}"])[len(found["n"]) - 1]
        return words if found.start() else words[0].upper() + words[1:]

    return ReadingRule(re.compile(rf"(?<!\w)(?P<n>II?)\.?(?=\s(?:{wars})(?!\w))"), war)
