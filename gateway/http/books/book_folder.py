"""The folder of a book in the store: the truth about it, from which any gateway goes on.

    <store>/books/<owner>/<book>/order.json     what the client asked for (book_order.py), written once
    <store>/books/<owner>/<book>/narrators.json the voices of chapters since then, by number; "": the book's
    <store>/books/<owner>/<book>/document.json  the document as it was read, written once
    <store>/books/<owner>/<book>/plan.json      its chapters (stored_plan.py)
    <store>/books/<owner>/<book>/pending        there is something to do; a token, another one each time
    <store>/books/<owner>/<book>/outcome.json   how the last run ended: done, or failed and why, and the token
    <store>/books/<owner>/<book>/changes        locked while `pending` is written or removed
    <store>/books/<owner>/<book>/project/       what is spoken, and the corrections (gateway/book/book_project.py)
    <store>/books/<owner>/<book>/files/         the book's files, each with its name once it is complete
    <store>/books/<owner>/.<book>.<random>      a book that is being added or removed

`<owner>` is a hash of the user's name: so a book is found by its owner alone. What has to be done is written before
`pending` is. A run writes its outcome, notes the webhook, and removes `pending` only if that has the same token still:
so nothing that was accepted is forgotten, and the webhook of one outcome always has one id.
"""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gateway.book.book_project import BookProject
from gateway.http.books.book_order import BookOrder
from gateway.http.books.stored_plan import StoredPlan
from seriatim.audio.output_file import replace_text, translate_write_errors
from seriatim.errors import Misconfigured
from seriatim.text.documents import Document
from seriatim.text.documents.document_process import document_of

DONE, FAILED = "done", "failed"


@dataclass(frozen=True, slots=True)
class BookOutcome:
    """How the last run of a book ended."""

    state: str  #: DONE or FAILED
    reason: str = ""  #: of a failure
    token: str = ""  #: of what was to be done; the id of the webhook


@dataclass(frozen=True, slots=True)
class BookFolder:
    """The folder of one book, whether it exists or not."""

    path: Path

    @property
    def id(self) -> str:
        """The id of the book."""
        return self.path.name

    @property
    def owner(self) -> str:
        """The hash of its owner's name."""
        return self.path.parent.name

    @property
    def files(self) -> Path:
        """The folder of the book's files."""
        return self.path / "files"

    @property
    def project(self) -> BookProject:
        """What is spoken of the book."""
        return BookProject(self.path / "project")

    @property
    def exists(self) -> bool:
        """Whether there is such a book."""
        return (self.path / "order.json").exists()

    @property
    def added_s(self) -> float:
        """When it was added, in s since 1970; 0: it is removed."""
        try:
            return (self.path / "order.json").stat().st_mtime
        except OSError:
            return 0.0

    @property
    def pending_s(self) -> float | None:
        """Since when there is something to do, in s since 1970; None: there is nothing."""
        try:
            return (self.path / "pending").stat().st_mtime
        except OSError:
            return None

    @property
    def token(self) -> str:
        """The token of what there is to do; "": there is nothing."""
        try:
            return (self.path / "pending").read_text("ascii")
        except OSError:
            return ""

    @property
    def outcome_s(self) -> float | None:
        """When the book ended, in s since 1970; None: it has not, or there is more to do."""
        try:
            return None if self.token else (self.path / "outcome.json").stat().st_mtime
        except OSError:
            return None

    def order(self) -> BookOrder:
        """What the client asked for, with the narrators that chapters were given since.

        Raises:
            FileNotFoundError: the book is removed.
            Misconfigured: it is damaged.
        """
        with self._damage("order.json") as fields:
            order = BookOrder.of(fields)
        return order.with_narrators(self.narrators())

    def narrators(self) -> dict[int, str]:
        """The narrators that chapters were given since the book was sent, by number; "": the book's.

        Raises:
            Misconfigured: they are damaged.
        """
        try:
            with self._damage("narrators.json") as fields:
                return {int(number): str(voice) for number, voice in fields.items()}
        except FileNotFoundError:
            return {}

    def document(self) -> Document:
        """The document.

        Raises:
            as `order`.
        """
        with self._damage("document.json") as fields:
            return document_of(fields)

    def plan(self) -> StoredPlan:
        """The chapters.

        Raises:
            as `order`.
        """
        with self._damage("plan.json") as fields:
            return StoredPlan.of(fields)

    def outcome(self) -> BookOutcome | None:
        """How the book ended; None: there is something to do."""
        token = self.token
        try:
            with self._damage("outcome.json") as fields:
                found = BookOutcome(str(fields["state"]), str(fields["reason"]), str(fields["token"]))
        except FileNotFoundError:
            return None
        return found if token in ("", found.token) else None

    def write_json(self, name: str, fields: Any) -> None:
        """Write one of the files above in one step.

        Raises:
            Unwritable: the disk is full, for instance.
        """
        replace_text(self.path / name, json.dumps(fields, ensure_ascii=False))

    def write_outcome(self, outcome: BookOutcome) -> None:
        """Keep how a run ended. With the token of what is to be done, the book counts as ended from here on.

        Raises:
            Unwritable: the disk is full, for instance.
        """
        self.write_json("outcome.json", asdict(outcome))

    def end(self, token: str) -> bool:
        """Note that nothing is left to do; False: there is more than what had this token.

        Raises:
            Unwritable: the book is removed, for instance.
        """
        with self.changing():
            if self.token != token:
                return False
            with translate_write_errors(str(self.path)):
                (self.path / "pending").unlink(missing_ok=True)
            return True

    def set_pending(self) -> None:
        """Note that there is something to do; to be called within `changing`, but for a book that is being added.

        Raises:
            Unwritable: the disk is full, for instance.
        """
        replace_text(self.path / "pending", secrets.token_hex(16))

    def remove_remains(self) -> None:
        """Remove what a run has written of a book since that was removed; one that is there is left alone."""
        with contextlib.suppress(OSError):
            fd = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:  # by its descriptor: the same book may be added again at any moment
                names = [entry.name for entry in os.scandir(fd)]
                if "order.json" not in names:
                    for name in names:
                        shutil.rmtree(name, ignore_errors=True, dir_fd=fd)
                    self.path.rmdir()
            finally:
                os.close(fd)

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """A context in which no other process adds to what there is to do, or ends it; waits until it is free.

        Raises:
            Unwritable: the book is removed, for instance.
        """
        with translate_write_errors(str(self.path)):
            fd = os.open(self.path / "changes", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    @contextlib.contextmanager
    def _damage(self, name: str) -> Iterator[dict[str, Any]]:
        """A context with the fields of a file, whose errors say which file is damaged."""
        path = self.path / name
        try:
            yield json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise
        except PermissionError:
            raise Misconfigured(f"cannot read {path}: no permission; run as another user") from None
        except (OSError, ValueError, KeyError, TypeError):
            raise Misconfigured(f"{path} is damaged; delete the book, and send it again") from None
