"""The store of books: added whole, found by their owners, removed in one step."""

import hashlib
import json
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.book.book_plan import BookPlan
from gateway.http.books.book_folder import BookFolder
from gateway.http.books.book_order import BookOrder
from gateway.http.books.stored_plan import plan_fields
from seriatim.audio.output_file import translate_write_errors
from seriatim.errors import IdempotencyConflict, Unwritable
from seriatim.text.documents import Document
from seriatim.text.documents.document_process import document_fields

BOOK_ID = re.compile(r"[0-9a-f]{32}")
ABANDONED_S = 3600.0  #: adding or removing a book takes seconds


@dataclass(frozen=True, slots=True)
class BookStore:
    """The books of a store."""

    path: Path  #: the folder `books` of the store

    def book(self, user: str, book_id: str) -> BookFolder | None:
        """A book of a user; None if there is none."""
        folder = BookFolder(self._owner(user) / book_id)
        return folder if BOOK_ID.fullmatch(book_id) and folder.exists else None

    def latest_of(self, user: str, most: int) -> list[BookFolder]:
        """The latest books of a user, newest first."""
        aged = [(book.added_s, book) for book in _books_in(self._owner(user))]
        return [book for _, book in sorted(aged, key=lambda row: row[0], reverse=True)[:most]]

    def all(self) -> Iterator[BookFolder]:
        """The books of all users."""
        if self.path.is_dir():
            for owner in self.path.iterdir():
                yield from _books_in(owner)

    def pending(self) -> list[tuple[float, BookFolder]]:
        """The books with something to do, and since when, the first one first."""
        found = [(since_s, book) for book in self.all() if (since_s := book.pending_s) is not None]
        return sorted(found, key=lambda row: row[0])

    def add(self, order: BookOrder, document: Document, plan: BookPlan) -> BookFolder:
        """Add a book, with all that there is to do; returns the one that is there if it was added before.

        Raises:
            IdempotencyConflict: another one has the same id.
            Unwritable: the disk is full, for instance.
        """
        place = BookFolder(self._owner(order.user) / order.id)
        if place.exists:
            return _same(place, order)
        new = BookFolder(place.path.with_name(f".{order.id}.{secrets.token_hex(4)}"))
        try:
            with translate_write_errors(str(place.path)):
                new.files.mkdir(parents=True)
                new.write_json("document.json", document_fields(document))
                new.write_json("plan.json", plan_fields(plan))
                new.write_json("order.json", order.to_fields())
                new.set_pending()
                if not place.exists:
                    new.path.rename(place.path)  # fails where another request has added it meanwhile
        except Unwritable:  # perhaps it was added meanwhile
            if not place.exists:
                raise
        finally:
            shutil.rmtree(new.path, ignore_errors=True)
        return _same(place, order)

    def remove(self, book: BookFolder) -> None:
        """Remove a book; a run of it finds that it is gone."""
        grave = book.path.with_name(f".{book.id}.{secrets.token_hex(4)}")
        try:
            book.path.rename(grave)
        except FileNotFoundError:
            return
        shutil.rmtree(grave, ignore_errors=True)

    def remove_abandoned(self) -> None:
        """Remove what killed gateways have left of books that they were adding or removing."""
        for path in self.path.glob("*/.*"):
            try:
                is_old = time.time() - path.stat().st_mtime > ABANDONED_S
            except OSError:
                continue
            if is_old:
                shutil.rmtree(path, ignore_errors=True)

    def _owner(self, user: str) -> Path:
        return self.path / hashlib.sha256(user.encode()).hexdigest()[:32]


def new_book_id(user: str, idempotency_key: str) -> str:
    """The id of a new book; the same for the same key of the same user."""
    if not idempotency_key:
        return secrets.token_hex(16)
    return hashlib.sha256(json.dumps([user, idempotency_key]).encode()).hexdigest()[:32]


def _books_in(owner: Path) -> Iterator[BookFolder]:
    if not owner.is_dir():
        return
    for path in owner.iterdir():
        if BOOK_ID.fullmatch(path.name) and (book := BookFolder(path)).exists:
            yield book


def _same(book: BookFolder, order: BookOrder) -> BookFolder:
    """The book that is there, if it was asked for alike."""
    if book.order().digest != order.digest:
        raise IdempotencyConflict("this Idempotency-Key stands for another book; send another key")
    return book
