"""Renamed books of a library: a corrected title or author moves a project, so that nothing is spoken again.

The project of a book in a library has the name of its author and title. Another one belongs to the same book if its
command names the same document and one of its chapters is among those of the plan: a document's name alone may stand
for another book by now, and that book's audio must stay.
"""

import contextlib
from pathlib import Path

from gateway.book.book_output import BookOutput, OutputKind
from gateway.book.book_plan import BookPlan
from gateway.book.book_project import BookProject
from gateway.book.chapter_files import remove_files
from seriatim.audio.output_file import translate_write_errors


def rename_project(plan: BookPlan, output: BookOutput, document: Path) -> None:
    """Give the project of a book in a library its new name, and remove the files of the book from its old folder.

    Does nothing where the project exists, or no other one is of the same book.

    Raises:
        Misconfigured: another command works on the book.
        Unwritable: no permission, for instance.
    """
    new = output.project_folder(plan)
    if output.kind is not OutputKind.LIBRARY or new.exists():
        return
    for folder in sorted(path.parent for path in new.parent.glob("*/command.json")):
        project = BookProject(folder)
        if _is_of(project, plan, document.resolve()):
            with project.lock(), translate_write_errors(str(new)):
                _remove_old_files(project, output)
                folder.rename(new)
            return


def _is_of(project: BookProject, plan: BookPlan, document: Path) -> bool:
    """Whether a project is that of a plan's document."""
    command_folder, options = project.read_command() or ("", {})
    if (Path(command_folder) / str(options.get("file", ""))).resolve() != document:
        return False
    corrected = project.read_corrections().keys()
    return any(one.base_key in corrected or project.is_spoken(one.base_key) for one in plan.chapters)


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
