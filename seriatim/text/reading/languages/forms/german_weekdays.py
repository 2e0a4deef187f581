"""German weekdays before a date: `am Montag, 12. Januar` gets the article that makes the date agree."""

import re

from seriatim.text.reading.reading_rule import ReadingRule

_DAYS = "Montag|Dienstag|Mittwoch|Donnerstag|Freitag|Samstag|Sonnabend|Sonntag"
_SHORT = {"Mo": "Montag", "Di": "Dienstag", "Mi": "Mittwoch", "Do": "Donnerstag", "Fr": "Freitag", "Sa": "Samstag",
          "So": "Sonntag"}  # fmt: skip
_MONTHS = (
    "Jan(?:uar|\\.)?|Jänner|Feb(?:ruar|\\.)?|März?|Mär\\.|Apr(?:il|\\.)?|Mai|Juni?|Juli?|Aug(?:ust|\\.)?"
    "|Sept?(?:ember|\\.)?|Okt(?:ober|\\.)?|Nov(?:ember|\\.)?|Dez(?:ember|\\.)?"
)
_DATE = rf"(?=[0-3]?\d\.\s?(?:(?:{_MONTHS})(?!\w)|[01]?\d\.))"
_DATIVE = frozenset(("am", "vom", "zum", "ab", "seit", "von"))
_BEHIND = re.compile(
    r"(?<!\w)(?P<at>(?i:am|vom|zum|ab|seit|von|bis|für|auf|gegen))\s"
    rf"(?P<day>{_DAYS}|(?:{'|'.join(_SHORT)})\.?)(?P<time>abend|morgen|mittag|nachmittag|vormittag)?,?\s{_DATE}"
)


def _with_article(found: re.Match[str]) -> str:
    day = _SHORT.get(found["day"].rstrip("."), found["day"])
    article = "dem" if found["at"].lower() in _DATIVE else "den"
    return f"{found['at']} {day}{found['time'] or ''}, {article} "


GERMAN_WEEKDAYS = (ReadingRule(_BEHIND, _with_article),)
