"""Written files: what commands of Seriatim have left in a folder of texts, which a batch does not speak.

These are the outputs of batches, the projects of books, unfinished outputs, and webhooks that wait. Many of their files
are JSON, which would be read as texts.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from gateway.batch.batch_manifest import MANIFEST, is_output_folder, read_entries
from gateway.batch.partial_gaps import GAPS_ENDING
from gateway.output.journal import is_journal
from gateway.output.partial_files import JOURNAL_ENDING, PARTIAL_ENDINGS
from gateway.webhooks.webhook_outbox import PREPARED, SUFFIX

#: in the folder of each project, beside "chapters" (`gateway.book.book_project`, whose import takes 0.1 s)
PROJECT_COMMAND = "command.json"


@dataclass(slots=True)
class WrittenFiles:
    """What is written below a folder."""

    folders: dict[Path, str] = field(default_factory=dict)  #: each with what it is
    files: set[Path] = field(default_factory=set)  #: outside of these folders

    @classmethod
    def below(cls, folder: Path) -> Self:
        """Find what is written below a folder, which may itself be the output folder of a batch, with texts in it."""
        found = cls()
        for path in sorted(folder.rglob("*")):
            found._add(path, folder)
        return found

    def _add(self, path: Path, folder: Path) -> None:
        """Add what a file of a folder shows to be written."""
        parent = path.parent
        if path.name == MANIFEST and is_output_folder(parent):
            if parent == folder:
                outputs = (folder / entry.output for entry in read_entries(path.read_bytes()).values())
                self.files |= {path, *filter(Path.exists, outputs)}
            else:
                self.folders[parent] = "the output folder of another batch"
        elif path.name == PROJECT_COMMAND and (parent / "chapters").is_dir():
            self.folders[parent] = "the project of a book"
        elif path.name.endswith(JOURNAL_ENDING) and is_journal(path):
            output, endings = path.name.removesuffix(JOURNAL_ENDING), (*PARTIAL_ENDINGS, GAPS_ENDING)
            parts = (path.with_name(output + ending) for ending in endings)
            self.files |= set(filter(Path.exists, parts))
        elif path.suffix in (SUFFIX, PREPARED) and parent.suffix == ".webhooks":
            self.files.add(path)
