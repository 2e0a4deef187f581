"""Hostile texts for the segmenter, and texts of great length, in time and memory that are bounded."""

import re
import tracemalloc
import unicodedata
from itertools import islice

import pytest
import sentencex
from hypothesis import given
from hypothesis import strategies as st

from seriatim.text.segment import IncrementalSegmenter, SegmentOptions, segment
from seriatim.text.segment.clean import TextCleaner
from seriatim.text.segment.sentence_boundary import ends_sentence, mark_pattern
from tests.support.processor_time import processor_limit
from tests.support.thorough_cases import mostly_thorough
from tests.unit.text.segmentation_texts import letters

PARAGRAPH = (
    "It was a bright cold day in April, and the clocks were striking thirteen. Mr. Smith, his chin nuzzled into his\n"
    'breast, slipped quickly through the doors. "Why?" asked Dr. Jones. "Because. I said so."\n\n'
)
MEGABYTE = (PARAGRAPH * 5300)[:1_000_000]

HOSTILE = {
    "a word without end": "a" * 30_000,
    "full stops": "." * 30_000,
    "spaced full stops": ". " * 15_000,
    "initials": "A. " * 10_000,
    "open quotes": '"a ' * 10_000,
    "open brackets": "(" * 30_000,
    "references": "a.[1" * 8_000,
    "combining marks": "e" + "\u0301" * 30_000,
    "joiners": "👩\u200d" * 15_000,
    "flags": "🇩" * 30_000,
    "directions": "a\u202e" * 15_000,
    "nul": "\x00" * 30_000,
    "newlines": "\n" * 30_000,
    "returns": "\r" * 30_000,
    "bullets": "- " * 15_000,
    "list": "1. a\n" * 6_000,
    "spaces": "a" + " " * 30_000 + "b",
    "lone surrogates": "a\ud800\udfff" * 10_000,
    "sentences without a space": "a.B" * 10_000,
}


@pytest.mark.parametrize("limit", [20, 10**9])
@pytest.mark.parametrize("text", mostly_thorough(HOSTILE.values(), 3), ids=HOSTILE)
def test_hostile_text_takes_no_longer_than_other_text_and_loses_nothing(text, limit):
    with processor_limit(2):  # 30,000 characters: quadratic time would take minutes
        pieces = list(segment(text, SegmentOptions(limit_chars=limit)))
    assert letters("".join(piece.text for piece in pieces)) == letters(text)


def test_a_book_of_a_megabyte_is_cut_in_less_than_two_seconds():
    with processor_limit(2):
        n_pieces = sum(1 for _ in segment(MEGABYTE, SegmentOptions(first_chars=80, merge_chars=20)))
    assert n_pieces > 10_000


def test_the_memory_for_a_book_does_not_grow_with_the_book():
    list(segment(PARAGRAPH, SegmentOptions()))  # what is compiled and cached once is not the book's
    tracemalloc.start()
    try:
        for _ in islice(segment(MEGABYTE, SegmentOptions()), 2000):
            pass
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_the_first_piece_of_a_huge_text_comes_at_once():
    huge = MEGABYTE * 20
    with processor_limit(0.1):
        assert next(segment(huge, SegmentOptions())).text.startswith("It was a bright cold day")


@pytest.mark.parametrize(
    ("text", "limit"), [(PARAGRAPH * 500, 250), ("word " * 100_000, 10**9)], ids=["sentences", "one huge sentence"]
)
@pytest.mark.thorough
def test_text_that_comes_word_by_word_takes_time_that_grows_with_its_length(text, limit):
    incremental = IncrementalSegmenter(SegmentOptions(limit_chars=limit))
    with processor_limit(2):
        pieces = [piece for at in range(0, len(text), 5) for piece in incremental.feed(text[at : at + 5])]
    assert letters("".join(p.text for p in pieces + incremental.flush())) == letters(text)


@given(st.text(), st.integers(0, 50))
def test_cleaned_text_has_no_controls_and_no_other_white_space_however_it_comes(text, at):
    cleaner = TextCleaner()
    clean = cleaner.feed(text[:at]) + cleaner.feed(text[at:])
    assert clean == TextCleaner().feed(text)
    assert not [c for c in clean if unicodedata.category(c) in ("Cc", "Cs") and c != "\n"]
    assert not [c for c in clean if c.isspace() and c not in " \n"]
    assert not [
        c for c in clean if unicodedata.bidirectional(c) in ("LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "PDI")
    ]
    clean.encode()


def test_every_mark_that_ends_a_sentence_for_sentencex_is_weighed():
    """Also those that this Python's Unicode does not know yet (Cn): sentencex goes by another version of it."""
    marks = re.compile(mark_pattern("en"))
    for code in range(0x21, 0x1F000):
        char = chr(code)
        if (
            unicodedata.category(char) in ("Po", "So", "Pd", "Lo", "Cn")
            and len(sentencex.segment("en", f"Abcd efgh{char} Ijkl")) > 1
        ):
            assert marks.match(char), f"U+{code:04X}"


def test_a_panic_within_sentencex_is_a_sentence_that_goes_on(capfd):
    with pytest.raises(BaseException, match="char boundary"):
        sentencex.segment("en", "C\x85. Eg")
    assert ends_sentence("en", "C\x85.", " ", "Eg") is False
    capfd.readouterr()  # the Rust runtime reports panics on the standard error
