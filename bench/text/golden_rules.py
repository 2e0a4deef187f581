"""Golden rules: public texts with their sentences, and how many of them a library cuts so.

The texts are in golden_rules.jsonl, their sources in golden_rules.md. A text counts as right when the letters and
digits of each sentence are those that are expected. White space, bullets and punctuation do not count, because
libraries give them to one sentence or the other, or clean them away.
"""

import json
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from seriatim.text.segment import SegmentOptions, segment

DATA = Path(__file__).with_name("golden_rules.jsonl")
WHOLE_CHARS = 100_000  #: longer than any text, so that no long sentence is split

#: language and text -> sentences; None: the library has no rules of the language
Segmenter = Callable[[str, str], Sequence[str] | None]


@dataclass(frozen=True, slots=True)
class GoldenRule:
    """A text and its sentences."""

    language: str  #: BCP 47
    text: str
    sentences: tuple[str, ...]
    source: str

    def is_met(self, sentences: Sequence[str]) -> bool:
        """Are these the expected sentences, by their letters?"""
        return _letters(sentences) == _letters(self.sentences)


def golden_rules() -> list[GoldenRule]:
    """All texts, by language."""
    rows = [json.loads(line) for line in DATA.read_text("utf-8").splitlines()]
    return [GoldenRule(row["language"], row["text"], tuple(row["sentences"]), row["source"]) for row in rows]


def _letters(sentences: Sequence[str]) -> list[str]:
    """The letters and digits of each sentence that has any."""
    letters_of = ("".join(filter(_is_letter, unicodedata.normalize("NFKC", sentence))) for sentence in sentences)
    return [letters for letters in letters_of if letters]


def _is_letter(char: str) -> bool:
    return char.isalnum() or unicodedata.category(char).startswith("M")


def seriatim_sentences(language: str, text: str) -> list[str]:
    """The sentences that Seriatim makes of a text."""
    return [piece.text for piece in segment(text, SegmentOptions(language, limit_chars=WHOLE_CHARS))]


def rivals() -> Mapping[str, Segmenter]:
    """Other libraries by name; they are of the extra `bench`."""
    import blingfire
    import pysbd
    import sentencex
    from pysbd.languages import LANGUAGE_CODES

    @cache
    def segmenter(language: str) -> pysbd.Segmenter:
        return pysbd.Segmenter(language=language, clean=True)  # joins wrapped lines, as Seriatim does

    def pysbd_sentences(language: str, text: str) -> list[str] | None:
        return segmenter(language).segment(text) if language in LANGUAGE_CODES else None

    return {
        "sentencex": lambda language, text: sentencex.segment(language, text),
        "pysbd": pysbd_sentences,
        "blingfire": lambda _language, text: blingfire.text_to_sentences(text).split("\n"),
    }


def count_met(rules: Sequence[GoldenRule], sentences_of: Segmenter) -> dict[str, int | None]:
    """How many texts of each language a library cuts as expected; None where it has no rules."""
    counts: dict[str, int | None] = {}
    for rule in rules:
        sentences = sentences_of(rule.language, rule.text)
        met = None if sentences is None else rule.is_met(sentences)
        counts[rule.language] = None if met is None else (counts.get(rule.language) or 0) + met
    return counts
