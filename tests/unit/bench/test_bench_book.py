"""The book benches: the novel that they make, what they count, and that the same text is measured both ways."""

import shutil
from collections import Counter
from pathlib import Path

import av
import pytest

from bench.book.book_command import COMPLETE, journal_size, n_kept
from bench.book.kills import KilledBook
from bench.book.length import LongBook
from bench.book.novel import LIMIT_CHARS, novel
from bench.book.sequential_book import SequentialBook, make
from bench.book.speed import BookRound, one_round
from gateway.book.book_project import BookProject
from seriatim.text.segment import SegmentOptions, segment
from tests.unit.book.spoken_books import planned, speak


def test_a_novel_has_its_length_its_chapters_and_no_sentence_twice() -> None:
    """The cache that a book's workers have would speak it at once."""
    text = novel(20_000)
    paragraphs = text.strip().split("\n\n")
    assert 20_000 <= sum(map(len, paragraphs)) < 22_000
    assert [line for line in paragraphs if line.startswith("#")] == [f"# Chapter {n}" for n in range(1, 13)]
    sentences = [piece.text for piece in segment(text, SegmentOptions("en", LIMIT_CHARS))]
    assert len(set(sentences)) == len(sentences) > len(paragraphs)


def test_a_row_has_the_ratios_of_its_round() -> None:
    measured = BookRound(600, cores_s=9.0, single=SequentialBook(16.0, 21.0), book_s=10.0, quarter_mb=300, book_mb=305)
    assert measured.row(2) == "| 2 | 600 | 9.0 | 16.0 | 21.0 | 10.0 | 0.90 | 1.60 | 2.10 | 300, 305 |\n"


def test_a_sequential_book_has_the_same_chapters_without_ffmpeg(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    make("tone", novel(300, chapters=2), tmp_path / "book.m4b")
    with av.open(str(tmp_path / "book.m4b")) as file:
        assert [chapter["metadata"]["title"] for chapter in file.chapters()] == ["Chapter 1", "Chapter 2"]
        assert file.duration is not None
        assert file.duration / 1e6 > 15


def test_sentences_that_are_kept_are_those_of_chapters_and_of_journals(tmp_path: Path) -> None:
    """Also of a chapter whose command was killed before it could remove the journal."""
    plan, project = planned("One", "Two"), BookProject(tmp_path / "book.project")
    speak(plan, project)
    journal = project.chapters / "three.flac.part.json"
    for path in (journal, project.audio(plan.chapters[0].key).with_suffix(".flac.part.json")):
        path.write_text("text\n1\n2\n3\n")
    assert n_kept(project) == 2 + 2 + 3
    assert 2 * COMPLETE < journal_size(project) < 3 * COMPLETE


def test_the_figures_of_kills_say_what_was_lost() -> None:
    killed = KilledBook(800, 4, same_samples=True, same_file=False, n_starts=3, killed=Counter(worker=2, command=1))
    assert killed.lines() == (
        "killed: command 1 ×, worker 2 ×; the command was started 3 times\n"
        "samples of the chapters: the same; bytes of the M4B: OTHERS\n"
        "spoken again: 4 of 800 sentences, 0.50%\n"
    )
    assert not killed.fine


def test_the_figures_of_a_long_book_are_those_of_its_phases() -> None:
    book = LongBook(40.0, 50_000, 900.0, [300, 301, 302, 303], 3.0, 130.0, 400.0, "40.00 h, 60 chapters")
    assert "300, 301, 302, 303 MB in the quarters" in book.lines()
    assert "killed at 90% of the sentences: 3.0 s from Enter" in book.lines()


@pytest.mark.thorough
def test_a_round_makes_a_book_and_speaks_it_alone() -> None:
    """With the engine of tones, which is there wherever the tests are."""
    measured = one_round("tone", 2_000)
    assert measured.audio_s > 60
    assert min(measured.cores_s, measured.single.engine_s, measured.book_s) > 0
    assert measured.single.book_s > measured.single.engine_s
    assert 20 < measured.quarter_mb < 1_000
    assert 20 < measured.book_mb < 1_000
