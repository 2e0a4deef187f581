"""Inputs modelled on public bug reports of a dozen projects (tests/unit/text/data/text_cases.jsonl): what is cut how.

A case is here with its check, or in `ELSEWHERE` with the part of the project that it is about. A check that fails
today is in `NOT_BUILT`, and fails the suite as soon as it passes, so that the list only gets shorter.
"""

import json
import unicodedata
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from seriatim.text.markup import Markup
from seriatim.text.reading import ReadingMode
from seriatim.text.segment import IncrementalSegmenter, Segment, SegmentOptions, segment

CASES: dict[str, dict[str, Any]] = {
    case["id"]: case
    for case in map(json.loads, (Path(__file__).parent / "data/text_cases.jsonl").read_text().splitlines())
}
LANGUAGES = {
    "dialogue-dash-es": "es", "dialogue-dash-ru": "ru", "hindi-titles": "hi", "marathi-section": "mr",
    "icelandic": "is", "vietnamese-titles": "vi", "italian-bc-spa": "it", "polish-approx": "pl", "khmer-stop": "km",
    "german-ordinals": "de", "fullwidth-decimal": "ja", "chinese-decimal": "zh", "chinese-stop": "zh",
    "hindi-danda": "hi",
}  # fmt: skip

UNPUNCTUATED = "forty-seven characters of nothing but small words " * 40

NOT_BUILT: set[str] = set()
ELSEWHERE = {
    "tests/integration/engines/test_engine_cases.py": [i for i in CASES if CASES[i]["kind"] in ("engine-stop", "lost")],
    "HTTP and files": ["nothing-to-say-http", "wav-header-http", *(i for i in CASES if CASES[i]["kind"] == "files")],
    "sound": [i for i in CASES if CASES[i]["kind"] in ("sound", "captions")],
}  # fmt: skip


def pieces(text: str, language: str = "en", **options: Any) -> list[Segment]:
    """The pieces of a text, which are the same if it comes letter by letter."""
    cut = SegmentOptions(language, limit_chars=1000, **options)
    whole, incremental = list(segment(text, cut)), IncrementalSegmenter(cut)
    assert [piece for char in text for piece in incremental.feed(char)] + incremental.flush() == whole
    return whole


def texts(case: str) -> list[str]:
    return [piece.text for piece in pieces(CASES[case]["input"])]


def marked(case: str, *expected: str) -> bool:
    """Is that what is said of a text with markup?"""
    return [piece.text for piece in pieces(CASES[case]["input"], markup=Markup.AUTO)] == list(expected)


def read(case: str, *expected: str, language: str = "en") -> bool:
    """Are those the words that an engine gets?"""
    return [piece.text for piece in pieces(CASES[case]["input"], language, reading=ReadingMode.AUTO)] == list(expected)


def same(found: list[str], expected: list[str]) -> bool:
    """Are those the sentences, apart from forms of letters that are folded?"""
    return [unicodedata.normalize("NFKC", text) for text in found] == [
        unicodedata.normalize("NFKC", text) for text in expected
    ]


def ends(case: str) -> bool:
    language = LANGUAGES.get(case, "en")
    return same([piece.text for piece in pieces(CASES[case]["input"], language)], CASES[case]["expected"])


def words_that_end() -> bool:
    return all(
        len(pieces(text, language)) == len(text.split(". "))
        for language, text in CASES["words-taken-for-abbreviations"]["input"].items()
    )


CHECKS: dict[str, Callable[[], bool]] = {
    **{case: partial(ends, case) for case in CASES
       if CASES[case]["kind"] == "ends" and isinstance(CASES[case]["expected"], list)},
    "words-taken-for-abbreviations": words_that_end,
    "no-punctuation": lambda: " ".join(p.text for p in pieces(UNPUNCTUATED)) == UNPUNCTUATED.strip(),
    "stop-inside-word-spoken": partial(
        read, "stop-inside-word-spoken", "She has a PhD in law and a BSc too.", "See page twelve and number five."
    ),
    "read-currency": partial(read, "read-currency", "It costs forty-nine dollars ninety-five today."),
    "read-clock": partial(read, "read-clock", "We open at eight o'clock sharp."),
    "read-roman-numeral": partial(read, "read-roman-numeral", "World War two began."),
    "read-unicode-roman": partial(read, "read-unicode-roman", "Act four, Scene nine"),
    "read-math-alphabet": partial(read, "read-math-alphabet", "This is Hello again."),
    "read-fullwidth": partial(read, "read-fullwidth", "Gate A twelve now."),
    "read-curly-apostrophe": partial(read, "read-curly-apostrophe", CASES["read-curly-apostrophe"]["input"]),
    "read-nfd": partial(
        read, "read-nfd", unicodedata.normalize("NFC", CASES["read-nfd"]["input"]), language="fr"
    ),
    "read-kanji": partial(read, "read-kanji", CASES["read-kanji"]["input"], language="ja"),
    "md-emphasis": partial(marked, "md-emphasis", "You really should not do that."),
    "md-link": partial(marked, "md-link", "Read our guide before the visit."),
    "url-scheme": partial(marked, "url-scheme", "Go to example.org today."),
    "html-tags": partial(marked, "html-tags", "He said stop and left.", "Then it rained."),
    "md-code-fence": partial(marked, "md-code-fence", "Run this:", "ls -la /tmp", "That is all."),
    "md-table": partial(marked, "md-table", "Day, Hours", "Monday, nine to five", "Sunday, closed"),
    "md-quote": partial(marked, "md-quote", "I think we should go.", "Do you agree?", "Yes."),
    "md-heading": partial(marked, "md-heading", "Next steps", "We begin on Monday."),
    "footnote-bracket-spoken": partial(marked, "footnote-bracket-spoken", "It grew fast.", "Then it fell."),
    "hyphen-at-line-end": lambda: {"museum", "dinner,"} <= set(texts("hyphen-at-line-end")[0].split()),
    "narrow-columns": lambda: len(texts("narrow-columns")) == 1,
    "long-heading-no-stop": lambda: texts("long-heading-no-stop")[0].endswith("decision on the school"),
    "one-line-paragraphs": lambda: [p.pause_ms for p in pieces(CASES["one-line-paragraphs"]["input"])]
    == [200, 600, 200, 200],
    "short-items-no-bullets": lambda: len(texts("short-items-no-bullets")) == 5,
    "page-number": lambda: texts("page-number") == ["… and then the whole company went down to the old harbour, "
                                                    "where the boats lay."],
    "dash-led-line": lambda: len(texts("dash-led-line")) == 3,
    "gutenberg-underscores-stars": lambda: len(texts("gutenberg-underscores-stars")) == 2,
    "gutenberg-stop-and-dash": lambda: same(
        texts("gutenberg-stop-and-dash"), ["Oh!--you knew it.", "No!—never.", "That is all.", "—Now go."]
    ),
    "toc-leaders": lambda: len(texts("toc-leaders")) == 2,
}  # fmt: skip


@pytest.mark.parametrize("case", sorted(CHECKS))
def test_a_case_is_cut_as_a_reader_would(case):
    passes = CHECKS[case]()
    assert passes == (case not in NOT_BUILT), CASES[case]["expected"]


def test_every_case_has_a_check_or_belongs_to_another_part():
    assert set(CHECKS) | {case for cases in ELSEWHERE.values() for case in cases} == set(CASES)
    assert set(CHECKS) >= NOT_BUILT
