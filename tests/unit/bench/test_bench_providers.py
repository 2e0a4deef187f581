"""The providers bench: its ideal and its sentences, which its ratios stand on."""

import pytest

from bench.changing_limit import shown
from bench.providers import PLACES, answer_s, ideal_s, percentiles, sentence_of


def test_the_ideal_begins_a_request_as_soon_as_a_place_is_free() -> None:
    texts = [sentence_of(f"text {n}", 60) for n in range(8)]
    assert {len(text) for text in texts} == {60}
    assert ideal_s(texts) == pytest.approx(2 * answer_s(texts[0]))
    assert ideal_s(texts[:PLACES]) == pytest.approx(answer_s(texts[0]))


def test_sentences_differ_by_their_names() -> None:
    names = [f"digest {name} {n}" for name in "abc" for n in range(8)]
    assert len({sentence_of(name, 66) for name in names}) == len(names)


def test_percentiles() -> None:
    assert percentiles(range(1, 1000)) == pytest.approx((500, 990), abs=1)


def test_the_figures_of_a_changing_limit_stand_beside_their_targets() -> None:
    line = shown("refusals", {"requests": [12, 7, 31], "n": 640, "refused": 0.0125, "failed": 0})
    assert "within one of it 7 and 31 requests after each change (target 10)" in line
    assert "1.2% of 640 requests refused (at most 5%), 0 sentences failed" in line
