"""The chapter files of a book: files of other people stay, and an interrupted run leaves none that is not removed."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.book.book_assembly import BookAssembly
from gateway.book.book_output import BookOutput, OutputKind
from gateway.book.book_project import BookProject
from gateway.book.chapter_files import write_chapter_files
from gateway.book.making.book_form import BookForm
from gateway.book.making.write_book import write_book
from seriatim.errors import BadInput
from tests.unit.book.spoken_books import planned, retitled, speak


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def output(tmp_path: Path) -> BookOutput:
    return BookOutput(tmp_path / "books", "flac", OutputKind.LIBRARY)


def test_a_cover_and_metadata_of_the_user_stay(output: BookOutput) -> None:
    plan = planned("Harbour")
    project, folder = BookProject(output.project_folder(plan)), output.book_folder(plan)
    speak(plan, project)
    folder.mkdir(parents=True)
    for name in ("cover.png", "metadata.opf"):
        (folder / name).write_text("mine")
    for _ in range(2):
        write_chapter_files(BookAssembly.of(plan, project, "alto"), output)
    assert names(folder) == ["01 - Harbour.flac", "cover.png", "metadata.opf"]
    assert [(folder / name).read_text() for name in ("cover.png", "metadata.opf")] == ["mine", "mine"]


def test_its_own_cover_and_metadata_are_replaced_and_removed(output: BookOutput) -> None:
    plan = planned("Harbour")
    project, folder = BookProject(output.project_folder(plan)), output.book_folder(plan)
    speak(plan, project)
    write_chapter_files(BookAssembly.of(plan, project, "alto"), output)
    assert names(folder) == ["01 - Harbour.flac", "cover.png", "metadata.opf"]
    write_chapter_files(BookAssembly.of(replace(plan, cover=b""), project, "tenor"), output)
    assert names(folder) == ["01 - Harbour.flac", "metadata.opf"]
    assert "tenor" in (folder / "metadata.opf").read_text("utf-8")


def test_files_that_an_interrupted_run_was_to_write_again_are_removed_later(output: BookOutput) -> None:
    plan = planned("Harbour", "Sea")
    project, folder = BookProject(output.project_folder(plan)), output.book_folder(plan)
    speak(plan, project)
    assembly = BookAssembly.of(plan, project, "alto")
    write_chapter_files(assembly, output)

    sea = project.audio(plan.chapters[1].key)
    complete = sea.read_bytes()
    sea.write_bytes(b"damaged")
    with pytest.raises(BadInput, match="is damaged"):
        write_chapter_files(replace(assembly, gain_db=1.0), output)
    sea.write_bytes(complete)

    write_chapter_files(BookAssembly.of(retitled(plan, "Harbour", "Ocean"), project, "alto"), output)
    assert names(folder) == ["01 - Harbour.flac", "02 - Ocean.flac", "cover.png", "metadata.opf"]


def test_a_complete_book_has_nothing_left_of_a_run_that_was_killed(output: BookOutput, tmp_path: Path) -> None:
    """As it had given a chapter's audio its name, before it removed the chapter's journal and spool."""
    plan, project = planned("One", "Two"), BookProject(tmp_path / "killed.project")
    speak(plan, project)
    for ending in (".part.json", ".part.pcm"):
        project.audio(plan.chapters[0].key).with_suffix(f".flac{ending}").write_bytes(b"left")
    write_book(plan, project, BookForm(output, ""))
    assert sorted(path.name for path in project.chapters.iterdir()) == sorted(
        f"{chapter.key}.{ending}" for chapter in plan.chapters for ending in ("flac", "json")
    )
