"""Polish laws: `art. 5 ust. 2`, whose numbers are ordinals, and whose words stand in the case of their preposition."""

import re

from seriatim.text.reading.languages.polish_ordinals import ordinal_words
from seriatim.text.reading.reading_rule import ReadingRule

_NOMINATIVE, _GENITIVE, _LOCATIVE, _INSTRUMENTAL = range(4)
#: nominative, genitive, locative, instrumental; all of them are masculine
_PARTS = {
    "art.": ("artykuł", "artykułu", "artykule", "artykułem"),
    "ust.": ("ustęp", "ustępu", "ustępie", "ustępem"),
    "pkt": ("punkt", "punktu", "punkcie", "punktem"),
    "§": ("paragraf", "paragrafu", "paragrafie", "paragrafem"),
}
_ENDINGS = ("y", "ego", "ym", "ym")
_HEADS = {
    "zgodnie z|w związku z|wraz z|pod|przed|między|nad": _INSTRUMENTAL,
    "na podstawie|w myśl|w rozumieniu|w trybie|na mocy|według|wedle|w świetle|treści?|przepis(?:u|y|ów|em)?|brzmienie"
    "|naruszeni[eau]|stosowani[eau]|z|ze|od|do|bez|dla|oprócz|wobec": _GENITIVE,
    "w|we|o|po|przy|na": _LOCATIVE,
}  # fmt: skip
_PART = r"(?:[aA]rt\.|ust\.|pkt\.?|§)\s?\d{1,4}(?![\w]|[.,]\d|\s?[-–—]\s?\d|\s?(?:i|oraz|lub)\s\d)"
_HEAD = "|".join(f"(?P<h{case}>(?i:{heads}))" for heads, case in _HEADS.items())
_LAW = re.compile(rf"(?<!\w)(?:(?:{_HEAD})\s)?(?P<parts>{_PART}(?:\s{_PART})*)")
_EACH = re.compile(r"(?P<part>[aA]rt\.|ust\.|pkt\.?|§)\s?(?P<n>\d+)")
_SHORTENED = re.compile(r"(?<!\w)(?P<n>[nN])a podst\.(?=\s(?:art\.|§))")


def _law(found: re.Match[str]) -> str:
    case = next((case for case in _HEADS.values() if found[f"h{case}"]), _NOMINATIVE)
    head = found[f"h{case}"] if case else None

    def each(part: re.Match[str]) -> str:
        forms = _PARTS["pkt" if part["part"].startswith("pkt") else part["part"].lower()]
        noun = forms[case].capitalize() if part["part"][0] == "A" else forms[case]
        return f"{noun} {ordinal_words(int(part['n']), _ENDINGS[case])}"

    words = _EACH.sub(each, found["parts"])
    return f"{head} {words}" if head else words


POLISH_LAWS = (
    ReadingRule(_SHORTENED, lambda found: f"{found['n']}a podstawie"),
    ReadingRule(_LAW, _law),
)
