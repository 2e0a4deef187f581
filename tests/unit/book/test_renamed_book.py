"""Renamed books of a library: a corrected title keeps what is spoken, and another book keeps its own."""

from pathlib import Path

import pytest

from gateway.book.book_assembly import BookAssembly
from gateway.book.book_output import BookOutput, OutputKind
from gateway.book.book_plan import BookPlan
from gateway.book.book_project import BookProject
from gateway.book.chapter_files import write_chapter_files
from gateway.book.corrections import Correction
from gateway.book.renamed_book import find_project, rename_project
from tests.unit.book.spoken_books import planned, speak

DOCUMENT = "in.epub"


@pytest.fixture
def output(tmp_path: Path) -> BookOutput:
    return BookOutput(tmp_path / "books", "flac", OutputKind.LIBRARY)


def make(plan: BookPlan, output: BookOutput, folder: Path) -> BookProject:
    project = BookProject(output.project_folder(plan))
    speak(plan, project)
    project.write_command(str(folder), {"file": DOCUMENT}, str(output.book_folder(plan)), plan.text_digests)
    write_chapter_files(BookAssembly.of(plan, project, "alto"), output)
    return project


def test_a_corrected_title_moves_the_project_and_the_book(output: BookOutput, tmp_path: Path) -> None:
    before, after = planned("Sea", title="Harbor"), planned("Sea", title="Harbour")
    key = before.chapters[0].key
    make(before, output, tmp_path).write_corrections({key: [Correction(1, "Twice.")]})
    (output.book_folder(before) / "notes.txt").write_text("mine")

    rename_project(after, output, tmp_path / DOCUMENT)
    project = BookProject(output.project_folder(after))
    assert project.is_spoken(key)
    assert project.read_corrections() == {key: (Correction(1, "Twice."),)}
    assert not output.project_folder(before).exists()
    assert [path.name for path in output.book_folder(before).iterdir()] == ["notes.txt"]
    write_chapter_files(BookAssembly.of(after, project, "alto"), output)
    assert (output.book_folder(after) / "01 - Sea.flac").exists()


def test_a_title_that_changes_with_an_option_keeps_the_corrections(output: BookOutput, tmp_path: Path) -> None:
    """Another voice is another key of each chapter, of which none is there yet."""
    before, after = planned("Sea", title="Harbor"), planned("Sea", title="Harbour", options={"voice": "alto"})
    corrections = {before.chapters[0].key: (Correction(1, "Twice."),)}
    project = make(before, output, tmp_path)
    project.write_corrections(corrections)
    assert find_project(after, output, tmp_path / DOCUMENT) == project
    rename_project(after, output, tmp_path / DOCUMENT)
    assert BookProject(output.project_folder(after)).read_corrections() == corrections


def test_a_corrected_author_leaves_no_empty_folder(output: BookOutput, tmp_path: Path) -> None:
    before, after = planned("Sea", title="Harbor"), planned("Sea", title="Harbour")
    make(before, output, tmp_path)
    rename_project(after, output, tmp_path / DOCUMENT)
    assert list(output.path.iterdir()) == []


@pytest.mark.parametrize(("number", "document"), [(1, "other.epub"), (7, DOCUMENT)])
def test_another_book_stays_where_it_is(output: BookOutput, tmp_path: Path, number: int, document: str) -> None:
    """One from another document, and one in a document of the same name, whose texts differ."""
    before, after = planned("Sea", title="Harbor"), planned("Sea", title="Harbour", first=number)
    project = make(before, output, tmp_path)
    rename_project(after, output, tmp_path / document)
    assert project.is_spoken(before.chapters[0].key)
    assert (output.book_folder(before) / "01 - Sea.flac").exists()
    assert not output.project_folder(after).exists()
