"""The book bench: the novel that it makes, and that it measures the same text both ways."""

import pytest

from bench import book
from bench.book import BookRound


def test_a_novel_has_its_length_its_chapters_and_no_paragraph_twice() -> None:
    text = book.novel(20_000)
    paragraphs = text.strip().split("\n\n")
    assert 20_000 <= sum(map(len, paragraphs)) < 22_000
    assert [line for line in paragraphs if line.startswith("#")] == [f"# Chapter {n}" for n in range(1, 13)]
    assert len(set(paragraphs)) == len(paragraphs)


def test_a_row_has_the_ratios_of_its_round() -> None:
    row = BookRound(audio_s=600, cores_s=9.0, single_s=16.0, book_s=10.0, quarter_mb=300, book_mb=305).row(2)
    assert row == "| 2 | 600 | 9.0 | 16.0 | 10.0 | 0.90 | 1.60 | 300, 305 |\n"


@pytest.mark.thorough
def test_a_round_makes_a_book_and_speaks_it_alone() -> None:
    """With the engine of tones, which is there wherever the tests are."""
    measured = book.one_round("tone", 2_000)
    assert measured.audio_s > 60
    assert min(measured.cores_s, measured.single_s, measured.book_s) > 0
    assert 20 < measured.quarter_mb < 1_000
    assert 20 < measured.book_mb < 1_000
