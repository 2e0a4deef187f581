"""Renamed books of a library: a corrected title or author moves a project, so that nothing is spoken again.

The project of a book in a library has the name of its author and title. Another one belongs to the same book if its
command names the same document and had a chapter with a text that the plan has: a document's name alone may stand for
another book by now, and that book's audio must stay. Voices and other options may have changed with the title.
"""

import contextlib
from pathlib import Path

from gateway.book.book_output import BookOutput, OutputKind
from gateway.book.book_plan import BookPlan
from gateway.book.book_project import BookProject
from gateway.book.chapter_files import remove_files
from seriatim.audio.output_file import translate_write_errors


def find_project(plan: BookPlan, output: BookOutput, document: Path) -> BookProject:
    """The project of a book, in a library also under an earlier title or author; its folder need not exist."""
    named = BookProject(output.project_folder(plan))
    if output.kind is not OutputKind.LIBRARY or named.folder.exists():
        return named
    others = (BookProject(path.parent) for path in sorted(named.folder.parent.glob("*/command.json")))
    return next((project for project in others if _is_of(project, plan, document.resolve())), named)


def rename_project(plan: BookPlan, output: BookOutput, document: Path) -> None:
    """Give the project of a book in a library its new name, and remove the files of the book from its old folder.

    Does nothing where the project exists, or no other one is of the same book.

    Raises:
        Misconfigured: another command works on the book.
        Unwritable: no permission, for instance.
    """
    new, project = output.project_folder(plan), find_project(plan, output, document)
    if project.folder != new:
        with project.lock(), translate_write_errors(str(new)):
            _remove_old_files(project, output)
            project.folder.rename(new)


def _is_of(project: BookProject, plan: BookPlan, document: Path) -> bool:
    """Whether a project is that of a plan's document."""
    command_folder, options = project.read_command() or ("", {})
    if (Path(command_folder) / str(options.get("file", ""))).resolve() != document:
        return False
    return not project.read_text_digests().isdisjoint(plan.text_digests)


def _remove_old_files(project: BookProject, output: BookOutput) -> None:
    """Remove the files of a book that the project knows, and the folders that are empty then."""
    folder, library = project.read_files_folder(), output.path.resolve()
    if folder is None or library not in folder.parents:
        return
    remove_files(folder, project.read_files())
    project.write_files({})
    with contextlib.suppress(OSError):  # there are other files in it
        folder.rmdir()
        folder.parent.rmdir()
