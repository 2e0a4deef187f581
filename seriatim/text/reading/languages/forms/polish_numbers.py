"""Polish numbers in dates and centuries, of wars and pages: `od 1 do 5 maja`, `w XVII i XVIII w.`, `na str. 5`."""

import re
from collections.abc import Sequence

from seriatim.text.reading.languages.forms.roman_pairs import war_rule
from seriatim.text.reading.languages.polish_ordinals import ordinal_words
from seriatim.text.reading.reading_rule import ReadingRule
from seriatim.text.reading.roman_numerals import roman_value

_DAY = r"[12]\d|3[01]|[1-9]"
_ROMAN_MONTHS = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
#: how many men there are: the noun behind is in the genitive
_VIRILE = {"2": "dwóch", "3": "trzech", "4": "czterech"}


def _two_centuries(found: re.Match[str]) -> str:
    """Two centuries: `w XVII i XVIII w.`."""
    ending = "ym" if found["at"] else "ego" if found.start() else "y"
    first, last = (ordinal_words(roman_value(found[which]), ending) for which in ("a", "b"))
    noun = "wieku" if found["at"] or found.start() else "wiek"
    stop = "." if found[0].endswith(".") and found.end() == len(found.string) else ""
    return f"{found['at'] or ''}{first} {'i' if found['link'] == 'i' else '–'} {last} {noun}{stop}"


def _silent_year(found: re.Match[str]) -> str:
    """Nothing: a date has the word for its year."""
    return "." if found.end() == len(found.string) else ""


def number_rules(months: Sequence[str]) -> list[ReadingRule]:
    """The rules of these; `months` are their names in the genitive."""
    return [
        ReadingRule(
            re.compile(rf"(?<!\w)(?P<at>[Oo]d)\s(?P<a>{_DAY})\sdo\s(?=(?:{_DAY})\s(?:{'|'.join(months)})(?!\w))"),
            lambda found: f"{found['at']} {ordinal_words(int(found['a']), 'ego')} do ",
        ),
        ReadingRule(re.compile(r"(?<=\d\.\d{4})\s?(?:r\.(?=\s[a-zćłśźż(]|[,;)]|$)|roku(?!\w))"), _silent_year),
        ReadingRule(
            re.compile(
                rf"(?<![\w.,])(?P<d>{_DAY})\s(?P<m>{'|'.join(_ROMAN_MONTHS)})\s(?P<y>[12]\d{{3}})(?:\sr\.|\sroku)?(?!\w)"
            ),
            lambda found: f"{found['d']} {months[_ROMAN_MONTHS.index(found['m'])]} {found['y']} roku",
        ),
        war_rule(
            {
                "wojn[aę]\\sświatow[aą]": ("pierwsza", "druga"),
                "wojny\\sświatowej|wojnie\\sświatowej": ("pierwszej", "drugiej"),
                "połow[aę]": ("pierwsza", "druga"),
                "połowie|połowy": ("pierwszej", "drugiej"),
            }
        ),
        ReadingRule(
            re.compile(
                r"(?<!\w)(?P<at>[Ww]\s)?(?P<a>[IVX]+)\s?(?P<link>i|[-–—])\s?(?P<b>[IVX]+)\s(?P<noun>w\.|wieku)(?!\w)"
            ),
            _two_centuries,
        ),
        ReadingRule(
            re.compile(r"(?<![\w.,:/–-])(?P<n>[2-4])(?=\s[^\W\d_]{3,}ów(?!\w))"), lambda found: _VIRILE[found["n"]]
        ),
        ReadingRule(
            re.compile(r"(?<!\w)(?P<at>[nN]a|[pP]o|[oO])\s(?:s|str)\.(?=\s\d)"), lambda found: f"{found['at']} stronie"
        ),
        ReadingRule(
            re.compile(r"(?<!\w)(?P<at>[zZ]e|[oO]d|[dD]o)\s(?:s|str)\.(?=\s\d)"), lambda found: f"{found['at']} strony"
        ),
        ReadingRule(
            re.compile(r"(?<!\w)(?P<at>[pP]od|[zZ]a|[pP]rzed)\snr\.?(?=\s\d)"), lambda found: f"{found['at']} numerem"
        ),
    ]
