"""Write a book whose chapters are all spoken: its file, or the files of its chapters, and what lies beside them."""

from dataclasses import replace
from pathlib import Path

from gateway.book.book_assembly import BookAssembly
from gateway.book.book_captions import write_captions
from gateway.book.book_loudness import gain_to
from gateway.book.book_output import BookOutput, OutputKind
from gateway.book.book_plan import BookPlan
from gateway.book.book_project import BookProject
from gateway.book.chapter_files import write_chapter_files
from gateway.book.making.book_form import BookForm
from gateway.book.one_file.audiobook import write_audiobook
from gateway.book.read_along.read_along_file import write_read_along


def write_book(plan: BookPlan, project: BookProject, form: BookForm) -> tuple[BookAssembly, Path]:
    """Write a book from its project, and remove from that what the plan has no more.

    Returns the book as it was assembled, and its file or the folder of its chapters.

    Raises:
        BadInput: chapters differ in their sample rates, or a file of the project is damaged.
        Unwritable: no permission, or the disk is full.
    """
    assembly = replace(BookAssembly.of(plan, project, form.narrator), room_tone_db=form.room_tone_db)
    if form.loudness_lufs is not None:
        assembly = replace(assembly, gain_db=gain_to(assembly, form.loudness_lufs))
    path = _write_files(assembly, form.output)
    project.remove_others({chapter.key for chapter in plan.chapters})
    return assembly, path


def _write_files(assembly: BookAssembly, output: BookOutput) -> Path:
    """Write the file of a book, or the files of its chapters; returns the file or their folder."""
    if output.kind is not OutputKind.ONE_FILE:
        return write_chapter_files(assembly, output)
    if output.format_name == "epub":
        write_read_along(assembly, output.path)
    else:
        starts_s = write_audiobook(assembly, output.path, output.encoding)
        write_captions(assembly, output, starts_s)
    return output.path
