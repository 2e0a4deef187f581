"""The command `seriatim book fix`: a correction that was not spoken can be replaced."""

import os
from pathlib import Path

import pytest

from gateway.book.book_project import BookProject
from gateway.book.corrections import Correction
from gateway.book.doubtful_sentences import current_record, listed_sentences
from gateway.book.making.sentence_address import find_sentence
from gateway.book.quality_report import write_report
from seriatim.errors import BadInput
from tests.unit.book.spoken_books import planned, speak


def test_a_sentence_with_an_interrupted_correction_can_be_corrected(tmp_path: Path) -> None:
    plan, project = planned("Harbour", "Sea"), BookProject(tmp_path)
    speak(plan, project)
    sea = plan.chapters[1]
    corrected = plan.with_corrections({sea.key: [Correction(1, "A tpyo.")]})
    chapter, seq = find_sentence(corrected, project, "2.2")
    assert (chapter.base_key, chapter.corrections, seq) == (sea.key, (Correction(1, "A tpyo."),), 1)
    with pytest.raises(BadInput, match=r"2\.3: chapter 2 has sentences 1 to 2"):
        find_sentence(corrected, project, "2.3")
    with pytest.raises(BadInput, match=r"a correction of chapter 2 is not spoken yet; .* correct the sentence anew"):
        current_record(project, chapter)


def test_a_chapter_that_is_not_spoken_cannot_be_corrected(tmp_path: Path) -> None:
    plan, project = planned("Harbour"), BookProject(tmp_path)
    with pytest.raises(BadInput, match="chapter 1 is not spoken as the document has it now"):
        find_sentence(plan, project, "1.1")


def test_a_report_is_written_of_a_book_whose_name_is_no_utf_8(tmp_path: Path) -> None:
    name, plan = os.fsdecode(b"caf\xe9"), planned("Sea")
    speak(plan, BookProject(tmp_path / "project"))
    (tmp_path / "project").rename(tmp_path / name)
    project = BookProject(tmp_path / name)
    listed = list(listed_sentences(plan, project, "one"))
    write_report(tmp_path / "report.html", plan.title, name, project, listed)
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "seriatim book fix caf\\udce9 --sentence" in page
    assert page.count("data:audio/mpeg") == len(listed) == 1
