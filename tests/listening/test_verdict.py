"""The verdict on a recording, on words alone: what was done to a text is found, and where."""

import os
from importlib.util import find_spec
from itertools import combinations

import pytest

if find_spec("faster_whisper") is None:
    if os.environ.get("CI"):
        raise RuntimeError("faster-whisper is not installed where CI is set: make listener")
    pytest.skip("the listener is not installed (make listener)", allow_module_level=True)

from rapidfuzz.distance import LCSseq

from seriatim.text.segment import SegmentOptions, segment
from tests.listening.listening_text import sentences
from tests.listening.spoken_words import words_of
from tests.listening.verdict import MOST, Verdict, judge

TEXT = sentences(0, 12)


def verdict_of(text: list[str]) -> Verdict:
    """The verdict on a recognition without an error of `text`, where TEXT is expected."""
    return judge(TEXT, words_of(" ".join(text)))


def test_a_text_is_whole() -> None:
    assert verdict_of(TEXT) == Verdict(n_words=sum(len(words_of(each)) for each in TEXT), n_errors=0)
    assert judge([], []).whole


@pytest.mark.parametrize("n", range(12))
def test_a_dropped_one_is_lost(n: int) -> None:
    assert verdict_of(TEXT[:n] + TEXT[n + 1 :]).lost == (n,)


@pytest.mark.parametrize("n", range(12))
def test_a_doubled_one_is_there_twice(n: int) -> None:
    verdict = verdict_of(TEXT[: n + 1] + TEXT[n:])
    assert (verdict.doubled, verdict.faulty) == ((n,), {n})


@pytest.mark.parametrize("n", range(11))
def test_of_two_that_change_places_one_has_moved(n: int) -> None:
    verdict = verdict_of([*TEXT[:n], TEXT[n + 1], TEXT[n], *TEXT[n + 2 :]])
    assert verdict.moved in ((n,), (n + 1,))
    assert len(verdict.faulty) == 1


@pytest.mark.parametrize("n", range(12))
@pytest.mark.parametrize("part", [slice(4, None), slice(None, -4)])
def test_a_cut_one_is_found(n: int, part: slice) -> None:
    words = " ".join(words_of(TEXT[n])[part])
    assert verdict_of([*TEXT[:n], words, *TEXT[n + 1 :]]).faulty == {n}


def test_words_that_are_no_sentences_are_strange() -> None:
    verdict = verdict_of([*TEXT[:5], "Thank you for watching my little video today.", *TEXT[5:]])
    assert verdict.strange == ("thank you for watching my little video today",)
    assert str(verdict) == f"strange: {verdict.strange[0]}"


def test_a_few_misheard_words_are_no_fault() -> None:
    """Only counted: a recogniser has some of them in a minute."""
    verdict = judge(["The ferry leaves the harbor at nine."], words_of("The fairy leaves her harbour at 9."))
    assert (verdict.whole, verdict.n_errors) == (True, 2)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("$47", "forty-seven dollars"),
        ("1,200 boats", "one thousand two hundred boats"),
        ("the 21st of May", "the twenty first of May"),
        ("50% of it", "fifty percent of it"),
        ("2.5 km", "two point five kilometers"),
        ("Dr. O’Neil", "doctor o'neil"),
    ],
)
def test_numbers_are_words(one: str, other: str) -> None:
    assert words_of(one) == words_of(other)


def test_no_two_sentences_of_the_text_are_alike() -> None:
    """So that none is taken for another, of which it has most words; and the segmenter finds all of them."""
    text = sentences()
    words = [words_of(sentence) for sentence in text]
    shares = [LCSseq.similarity(one, other) / min(len(one), len(other)) for one, other in combinations(words, 2)]
    assert len(set(text)) == 200
    assert max(shares) < MOST
    assert [piece.text for piece in segment(" ".join(text), SegmentOptions("en", 400))] == text
