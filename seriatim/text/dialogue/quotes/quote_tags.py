"""Quote tags: the words beside a quotation that say who speaks, such as `said Anna` and `Anna asked`. Pure.

A tag names a speaker only if its name is all of the subject: `said Anna's mother` and `said Aunt Anna` are others,
unless the cast has these names. A tag with another subject says that the speaker is not in the cast.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from seriatim.text.dialogue.quotes.speech_verbs import PRONOUNS, VERBS

OTHER = "?"  #: a subject that the cast does not have
_ENGLISH_ADVERB = r"(?:\s+(?:\w+ly|then|again|back|out|at last|now|finally|once more))?"
_CAPITAL = r"[A-ZÀ-ÖØ-ÞĀ-ŽА-Я]"
_AND = r"\s+(?:and|or|und|et|y|e|en)\s+"
_OPENING = r"(?:(?:And|But|Then|So|Now|Here|Finally|At last|Und|Aber|Da|Dann|Et|Mais|Puis),?\s+)?"
_ARTICLES = r"(?:the|a|an|his|her|my|their|our|der|die|das|ein|eine|le|la|les|un|une|el|los|il|lo|de|het|een|o)"

BARE_VERBS = frozenset({"es", "it", "pl", "pt", "ru"})  #: languages where a verb needs no subject: `—Sí —dijo.`
_REFLEXIVE = {"pl": r"(?:\s+się)?"}
#: by language: endings of feminine and of masculine verbs, and their pronouns
_GENDERS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], str, str]] = {
    "pl": (("ła",), ("ł",), "ona", "on"), "ru": (("ла", "лась"), ("л", "лся", "ёс"), "она", "он"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class QuoteTag:
    """The subject of a tag."""

    speaker: str = ""  #: a speaker of the cast, OTHER, or "" for a pronoun
    pronoun: str = ""


class QuoteTags:
    """The tags of one language, for the names of one cast."""

    def __init__(self, names: Mapping[str, str], language: str) -> None:
        self._names, self._language = names, language
        self._patterns = _patterns(tuple(sorted(names, key=lambda name: (-len(name), name))), language)

    def after(self, quoted: str, behind: str) -> QuoteTag | None:
        """The tag right behind a quotation; None if there is none. `quoted`: the words, without marks."""
        ended = quoted.endswith(".")  # `“No.” Anna said nothing.` has a sentence of its own behind the quotation
        if name := _subject(self._patterns.after.match(behind), ended=ended):
            return QuoteTag(self._names[name])
        if pronoun := _subject(self._patterns.pronoun_after.match(behind), ended=ended):
            return QuoteTag(pronoun=pronoun.lower().removeprefix("-t").strip("-"))
        if self._language in BARE_VERBS and (match := self._patterns.bare.match(behind)):
            return QuoteTag(pronoun=_pronoun_of(match["verb"], self._language))
        return QuoteTag(OTHER) if _subject(self._patterns.other_after.match(behind), ended=ended) else None

    def before(self, sentence: str) -> QuoteTag | None:
        """The tag in a sentence that a quotation follows; None if there is none."""
        if match := self._patterns.before.match(sentence):
            return QuoteTag(self._names[match["direct"] or match["inverted"]])
        if match := self._patterns.pronoun_before.match(sentence):
            return QuoteTag(pronoun=match["direct"].lower())
        return None

    def names_in(self, text: str) -> set[str]:
        """The speakers whom a text names."""
        return {self._names[match["name"]] for match in self._patterns.named.finditer(text)}

    def addressed(self, quoted: str) -> set[str]:
        """The speakers whom quoted words call by their name, beside a comma: they are not who speaks."""
        found = set()
        for match in self._patterns.named.finditer(quoted):
            before, behind = quoted[: match.start()].rstrip(), quoted[match.end() :].lstrip()
            if before.endswith(",") or (not before and behind[:1] in ",!?.") or behind.startswith(","):
                found.add(self._names[match["name"]])
        return found


def _pronoun_of(verb: str, language: str) -> str:
    """The pronoun of a verb without a subject, where its ending has the gender; "": any."""
    feminine, masculine, she, he = _GENDERS.get(language, ((), (), "", ""))
    return she if verb.endswith(feminine) else he if verb.endswith(masculine) else ""


def _subject(match: re.Match[str] | None, *, ended: bool) -> str:
    """The subject of a tag behind a quotation: behind one that has `ended`, only where its verb is in front of it."""
    if match is None:
        return ""
    return match["inverted"] or ("" if ended else match["direct"])


@dataclass(frozen=True, slots=True)
class _TagPatterns:
    """Tags of one language; groups `inverted` and `direct` are subjects, behind their verbs and in front of them."""

    after: re.Pattern[str]
    pronoun_after: re.Pattern[str]
    other_after: re.Pattern[str]
    before: re.Pattern[str]
    pronoun_before: re.Pattern[str]
    named: re.Pattern[str]  #: a name anywhere
    bare: re.Pattern[str]  #: a verb without a subject; group `verb`


@lru_cache(maxsize=8)
def _patterns(names: tuple[str, ...], language: str) -> _TagPatterns:
    verbs = "|".join(map(re.escape, VERBS.get(language, VERBS["en"])))
    pronouns = "|".join(map(re.escape, PRONOUNS.get(language, PRONOUNS["en"])))
    adverb = _ENGLISH_ADVERB if language not in VERBS or language == "en" else _REFLEXIVE.get(language, "")
    verb = rf"(?i:{verbs})\b(?!\s+(?:nothing|nichts|rien|nada|niente|niets))"
    name = rf"(?:{'|'.join(map(re.escape, names))})(?![\w-])(?!['’]s\b)" if names else r"(?!)"
    alone = rf"(?!{_AND}{_CAPITAL})(?!\s+{_CAPITAL})"
    lead = r"\s*(?:[,;]\s*)?"
    after = rf"{lead}(?:{verb}{adverb}\s+(?P<inverted>{name}){alone}|(?P<direct>{name}){adverb}\s+{verb})"
    pronoun = rf"(?i:{pronouns})\b"
    pronoun_after = rf"{lead}(?:{verb}{adverb}\s*(?P<inverted>{pronoun})|(?P<direct>{pronoun}){adverb}\s+{verb})"
    subject = rf"(?:{_CAPITAL}[\w.'’-]*(?:\s+{_CAPITAL}[\w.'’-]*)*|(?i:{_ARTICLES})(?:\s+[\w'’-]+){{1,3}}?)"
    other = rf"{lead}(?:(?P<inverted>{verb})|(?P<direct>{subject}){adverb}\s+{verb})"
    middle = rf"(?:{adverb}|[^.!?]*?(?:\band|\bund|\bet|\by|\be|\ben|,){adverb})"
    rest = r"(?P<rest>[^.!?,:;]{0,40})[,:：]?\s*"
    before = (
        rf"\s*{_OPENING}(?:(?P<direct>{name}){middle}\s+{verb}|{verb}{adverb}\s+(?P<inverted>{name}){alone}){rest}\Z"
    )
    pronoun_before = rf"\s*{_OPENING}(?P<direct>{pronoun}){middle}\s+{verb}{rest}\Z"
    named = rf"(?<![\w'’-])(?P<name>{name})"
    bare = rf"{lead}(?P<verb>{verb}){adverb}\s*(?=[^\w\s'’]|\Z)"
    return _TagPatterns(
        *(re.compile(each) for each in (after, pronoun_after, other, before, pronoun_before, named, bare))
    )
