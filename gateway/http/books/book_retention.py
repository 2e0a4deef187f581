"""Retention of books: those that ended long ago are removed, and the oldest where all take too much room.

A book that is being made, or waits, is kept. Several gateways may sweep one store: a book is removed once.
"""

import logging
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.http.books.book_folder import BookFolder
from gateway.http.books.book_store import BookStore
from seriatim.errors import Unwritable

log = logging.getLogger(__name__)

DAY_S = 86_400.0
BYTES_PER_GB = 1_000_000_000


@dataclass(frozen=True, slots=True)
class EndedBook:
    """A book that is done, or has failed."""

    folder: BookFolder
    ended_s: float  #: since 1970
    n_bytes: int = 0  #: of all its files


@dataclass(frozen=True, slots=True)
class BookRetention:
    """The limits of a store of books."""

    keep_days: float  #: since their end; 0: for ever
    limit_gb: float  #: of all books; 0: none

    @property
    def round_s(self) -> float:
        """The time between two sweeps: an hour, or less where books are kept for less."""
        return min(3600.0, self.keep_days * DAY_S or 3600.0)

    def sweep(self, store: BookStore) -> int:
        """Remove what is too old or too much; returns the number of books.

        Raises:
            OSError: the store cannot be read.
        """
        n_removed = 0
        if self.keep_days:
            before_s = time.time() - self.keep_days * DAY_S
            old = [book for book in _ended_books(store) if book.ended_s < before_s]
            n_removed += _remove(store, old, {"after_days": self.keep_days})
        if self.limit_gb:
            n_removed += self._limit_size(store)
        return n_removed

    def _limit_size(self, store: BookStore) -> int:
        limit_bytes = round(self.limit_gb * BYTES_PER_GB)
        n_all = sum(map(_size, store.all()))
        ended = [EndedBook(book.folder, book.ended_s, _size(book.folder)) for book in _ended_books(store)]
        return _remove(store, surplus(ended, n_all - limit_bytes), {"limit_bytes": limit_bytes})


def surplus(books: Iterable[EndedBook], excess: int) -> list[EndedBook]:
    """The books that go, the oldest first, so that `excess` bytes are free."""
    found = []
    for book in sorted(books, key=lambda one: one.ended_s):
        if excess > 0:
            found.append(book)
            excess -= book.n_bytes
    return found


def _remove(store: BookStore, books: Iterable[EndedBook], why: dict[str, float]) -> int:
    n_removed = 0
    for book in books:
        try:
            with book.folder.changing():
                if book.folder.outcome_s != book.ended_s:  # it is corrected, or resumed, just now
                    continue
                store.remove(book.folder)
        except Unwritable:  # another gateway was first
            continue
        log.info("book removed", extra={"book": book.folder.id, **why})
        n_removed += 1
    return n_removed


def _ended_books(store: BookStore) -> Iterator[EndedBook]:
    for book in store.all():
        if (ended_s := book.outcome_s) is not None:
            yield EndedBook(book, ended_s)


def _size(book: BookFolder) -> int:
    """The bytes of a book's files; of those that are still there."""
    n_bytes = 0
    for folder, _, names in os.walk(book.path):
        for name in names:
            try:
                n_bytes += (Path(folder) / name).stat().st_size
            except OSError:
                continue
    return n_bytes
