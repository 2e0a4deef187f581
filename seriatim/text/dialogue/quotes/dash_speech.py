"""Dash speech: the places of speech in a paragraph that a dash begins, as in novels of several languages. Pure.

Narration within it stands between dashes (`—Ven —dijo Ana—. Es tarde.`, `— Chodź — powiedziała Anna. — Już późno.`,
`— Иди, — сказала Анна. — Уже поздно.`), or behind a comma (`— Viens, dit Anne. Il est tard.`).
"""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from seriatim.text.dialogue.quotes.quote_spans import QuoteSpan
from seriatim.text.dialogue.quotes.speech_verbs import VERBS

DASH_LANGUAGES = frozenset({"es", "fr", "it", "pl", "pt", "ru"})
BEGINS = re.compile(r"[ \t]*(?:[—–―](?=[ \t]*[^\s—–―])|-[ \t]+(?=\S))")  #: a paragraph of dash speech
_DASH = re.compile(r"[—–―]|(?<=\s)-(?=\s)")
_COMMA_TAGS = frozenset({"fr", "it"})  #: languages whose tags may stand behind a comma
_CLOSES_BEHIND_STOP = frozenset({"ru"})  #: languages where a dash also joins the words of a sentence
_STOPS, _SENTENCE_ENDS = ",.;:!?…", ".!?…"
_BETWEEN = re.compile(r"[\s.,;:]*")  #: behind narration, before speech goes on
_TAG_END = re.compile(r"[,;!?…]|(?<!\bM)(?<!\bMM)(?<!\bMe)(?<!\bDr)(?<!\bMme)(?<!\bMlle)\.(?=\s|\Z)")
_THIRD_PERSON = {"fr": "il|elle|ils|elles|on|ce|cela|puis", "it": "lui|lei|egli|ella|loro|poi"}
_FIRST_PERSON = {"fr": "|dis|fis|répondis|demandai|repris|criai|murmurai|pensai", "it": "|dissi|chiesi|risposi"}
_SUBJECT = (
    r"(?:(?:-t)?-(?:je|il|elle|on|ils|elles|nous)\b|\s+(?:[A-ZÀ-ÖØ-Þ]|"
    r"(?:le|la|les|un|une|mon|ma|son|sa|lui|lei|il|lo|un'?|una|mio|mia|suo|sua)\b|l['’])|\s*[.,;])"
)


def dash_spans(paragraph: str, language: str, names: Collection[str] = ()) -> list[QuoteSpan]:
    """The speech of a paragraph that a dash begins, without the dashes; [] for any other.

    `names`: of speakers; one that begins the sentence behind a tag begins narration.
    """
    opening = BEGINS.match(paragraph)
    if opening is None or language not in DASH_LANGUAGES:
        return []
    found, at, speaks = [], _word(paragraph, opening.end()), True
    for dash in _DASH.finditer(paragraph, opening.end()):
        if speaks and _opens_narration(paragraph, dash, language):
            found.append((at, dash.start()))
            speaks = False
        elif not speaks and _closes_narration(paragraph, dash, language):
            at, speaks = _word(paragraph, dash.end()), True
    if speaks:
        found.append((at, len(paragraph)))
    named = re.compile(rf"(?:{'|'.join(map(re.escape, names))})\b(?!,)" if names else r"(?!)")
    return [
        QuoteSpan(start, end, is_dashed=True)
        for start, end in found
        for start, end in _without_comma_tags(paragraph, start, end, language, named)
        if any(character.isalnum() for character in paragraph[start:end])
    ]


def _opens_narration(paragraph: str, dash: re.Match[str], language: str) -> bool:
    if _tag_patterns(language)[0].match(paragraph, dash.end()):
        return True
    if language == "es":  # `—Ven —dijo Ana—.`: the dash belongs to the word behind it
        return paragraph[dash.start() - 1].isspace() and not paragraph[dash.end() : dash.end() + 1].isspace()
    if language == "fr":  # which has tags of verbs alone
        return False
    return _before(paragraph, dash) in (_STOPS if language in _CLOSES_BEHIND_STOP else _SENTENCE_ENDS)


def _closes_narration(paragraph: str, dash: re.Match[str], language: str) -> bool:
    return language not in _CLOSES_BEHIND_STOP or _before(paragraph, dash) in _STOPS


def _before(paragraph: str, dash: re.Match[str]) -> str:
    """The last character before a dash, without a space or two; never ""."""
    return paragraph[max(0, dash.start() - 3) : dash.start()].rstrip()[-1:] or " "


def _without_comma_tags(
    paragraph: str, start: int, end: int, language: str, named: re.Pattern[str]
) -> Iterator[tuple[int, int]]:
    """The parts of speech between tags behind a comma, such as `, dit Anne.`."""
    if language in _COMMA_TAGS:
        tag = _tag_patterns(language)[1]
        third_person = re.compile(rf"(?i:{_THIRD_PERSON[language]})\b")
        while match := tag.search(paragraph, start, end):
            yield start, match.start("lead") + 1
            stop = _TAG_END.search(paragraph, match.end(), end)
            if stop is None:
                return
            start = _word(paragraph, stop.end())
            is_next = stop.group() in ".!?…"
            if is_next and (third_person.match(paragraph, start) or named.match(paragraph, start)):
                return
    yield start, start + len(paragraph[start:end].rstrip())


def _word(paragraph: str, at: int) -> int:
    match = _BETWEEN.match(paragraph, at)
    return match.end() if match else at


@lru_cache(maxsize=len(DASH_LANGUAGES))
def _tag_patterns(language: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A verb of speech behind a dash, and a tag behind a comma; group `lead` is the comma."""
    verbs = "|".join(map(re.escape, VERBS[language])) + _FIRST_PERSON.get(language, "")
    verb = rf"(?i:{verbs})\b"
    return (
        re.compile(rf"\s*(?:(?i:se|me|le|les|mi|gli|si|się)\s+)?{verb}"),
        re.compile(rf"(?P<lead>[,!?…]|(?<=\.\.)\.)\s*{verb}(?={_SUBJECT})"),
    )
