"""Polish prepositions with streets and hours: `na ul. Długiej`, `o godz. 18`."""

import re

from seriatim.text.reading.languages.polish_ordinals import ordinal_words
from seriatim.text.reading.number_speller import NumberSpeller
from seriatim.text.reading.reading_rule import ReadingRule

_SPELLER = NumberSpeller("pl")
#: behind a preposition: locative or genitive, accusative, instrumental
_STREETS = {
    "ul": ("ulicy", "ulicę", "ulicą"), "al": ("alei", "aleję", "aleją"), "pl": ("placu", "plac", "placem"),
}  # fmt: skip
_STREET = re.compile(
    r"(?<!\w)(?P<at>(?i:na|przy|w|we|o|po|z|ze|od|do|u|koło|wzdłuż|przez|nad|pod|przed|za|między))\s"
    r"(?P<street>ul|al|pl)\.(?=\s(?P<name>\d+|[^\W\d_]+))"
)
_HOUR = re.compile(
    r"(?<!\w)(?P<at>(?i:o|po|od|do|przed|około)\s)?(?P<head>[Gg]odz)\.\s(?P<h>[01]?\d|2[0-4])"
    r"(?:[:.](?P<m>[0-5]\d))?(?![\w:-]|[.,]\d)"
)


def _street(found: re.Match[str]) -> str:
    at = found["at"].lower()
    case = (
        1
        if at == "przez" or (at in ("na", "w", "we", "o", "po") and found["name"].endswith("ą"))
        else 2
        if at in ("nad", "pod", "przed", "za", "między")
        else 0
    )
    return f"{found['at']} {_STREETS[found['street']][case]}"


def _hour(found: re.Match[str]) -> str | None:
    hour, minute = int(found["h"]), int(found["m"] or 0)
    if not 0 < hour < 24:
        return None
    at = (found["at"] or "").strip().lower()
    noun = "godzinie" if at in ("o", "po") else "godziny" if at else "godzina"
    minutes = f" {'zero ' if minute < 10 else ''}{_SPELLER.cardinal(minute)}" if minute else ""
    noun = noun.capitalize() if found["head"][0] == "G" else noun
    return f"{found['at'] or ''}{noun} {ordinal_words(hour, 'ej' if at else 'a')}{minutes}"


def preposition_rules() -> list[ReadingRule]:
    """The rules of these."""
    return [ReadingRule(_HOUR, _hour), ReadingRule(_STREET, _street)]
