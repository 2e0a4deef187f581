"""The store of books over HTTP: added whole and once, found by their owners, removed whole."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.http.books.book_folder import DONE, BookFolder, BookOutcome
from gateway.http.books.book_keeper import in_turn
from gateway.http.books.book_order import BookOrder
from gateway.http.books.book_retention import DAY_S, BookRetention
from gateway.http.books.book_store import ABANDONED_S, BookStore, new_book_id
from gateway.http.books.stored_plan import StoredPlan, plan_fields
from seriatim.errors import IdempotencyConflict, Misconfigured
from seriatim.text.documents import Chapter, Document, DocumentFormat
from tests.support.document_files import COVER
from tests.unit.book.spoken_books import planned

DOCUMENT = Document(DocumentFormat.EPUB, (Chapter("Sea", "It is calm."),), "Boats", ("Anna",), "en", COVER, "a line")
PLAN = planned("Sea")


def order(user: str = "anna", key: str = "", digest: str = "d") -> BookOrder:
    return BookOrder(new_book_id(user, key), user, 1.0, {"pool": "tone", "voice": ""}, digest=digest)


@pytest.fixture
def store(tmp_path: Path) -> BookStore:
    return BookStore(tmp_path / "books")


def test_a_book_is_read_as_it_was_added(store: BookStore) -> None:
    wish = replace(order(), captions=("vtt",), title="Ü")
    book = store.add(wish, DOCUMENT, PLAN)
    assert book.document() == DOCUMENT
    assert book.order() == wish
    stored = book.plan()
    assert stored == StoredPlan.of(plan_fields(PLAN))
    assert [chapter.key for chapter in stored.plan.chapters] == [chapter.key for chapter in PLAN.chapters]
    assert (stored.words, stored.characters) == ((5,), (len(PLAN.chapters[0].text),))
    assert book.pending_s is not None
    assert book.outcome() is None
    assert [path.name for path in book.path.parent.iterdir()] == [book.id], "nothing else is left"


def test_books_are_found_by_their_owner_alone(store: BookStore) -> None:
    book = store.add(order("anna"), DOCUMENT, PLAN)
    assert store.book("anna", book.id) == book
    assert store.book("ben", book.id) is None
    assert store.book("anna", "..") is None
    assert store.latest_of("anna", 9) == [book]
    assert store.latest_of("ben", 9) == []


def test_the_same_key_is_the_same_book_of_a_user(store: BookStore) -> None:
    assert new_book_id("anna", "k") == new_book_id("anna", "k") != new_book_id("ben", "k")
    assert new_book_id("anna", "") != new_book_id("anna", "")
    assert store.add(order(key="k"), DOCUMENT, PLAN) == store.add(order(key="k"), DOCUMENT, PLAN)
    with pytest.raises(IdempotencyConflict, match="stands for another book"):
        store.add(order(key="k", digest="other"), DOCUMENT, PLAN)


def test_the_latest_books_come_first(store: BookStore) -> None:
    books = [store.add(order(), DOCUMENT, PLAN) for _ in range(3)]
    for second, book in enumerate(books):
        os.utime(book.path / "order.json", (second, second))
        os.utime(book.path / "pending", (9 - second, 9 - second))
    assert store.latest_of("anna", 2) == [books[2], books[1]]
    assert [book for _, book in store.pending()] == [books[2], books[1], books[0]], (
        "the first one of what is to be done"
    )


def test_a_book_that_is_done_is_not_pending_until_there_is_more_to_do(store: BookStore) -> None:
    book = store.add(order(), DOCUMENT, PLAN)
    outcome = BookOutcome(DONE, token=book.token)
    book.write_outcome(outcome)
    assert [found for _, found in store.pending()] == [book], "until its webhook is noted"
    assert book.end(outcome.token)
    assert (store.pending(), book.outcome()) == ([], outcome)
    book.set_pending()
    assert [found for _, found in store.pending()] == [book]
    assert book.outcome() is None


def test_what_is_added_while_a_run_ends_is_not_forgotten(store: BookStore) -> None:
    book = store.add(order(), DOCUMENT, PLAN)
    outcome = BookOutcome(DONE, token=book.token)
    book.write_outcome(outcome)
    assert book.outcome() == outcome, "it counts as ended already, as the receiver of its webhook sees"
    book.set_pending()
    assert not book.end(outcome.token)
    assert [found for _, found in store.pending()] == [book]
    assert book.outcome() is None


def test_a_removed_book_is_gone_with_what_a_run_has_written_since(store: BookStore) -> None:
    book = store.add(order(), DOCUMENT, PLAN)
    store.remove(book)
    store.remove(book)
    assert not book.exists
    (book.path / "project" / "chapters").mkdir(parents=True)
    (book.path / "project" / "lock").touch()
    assert store.pending() == []
    book.remove_remains()
    assert not book.path.exists()
    book.remove_remains()


def test_a_book_that_is_there_has_no_remains(store: BookStore) -> None:
    book = store.add(order(), DOCUMENT, PLAN)
    book.remove_remains()
    assert book.files.is_dir()


def test_what_a_killed_gateway_left_half_done_is_removed_later(store: BookStore) -> None:
    book = store.add(order(), DOCUMENT, PLAN)
    young, old = (book.path.with_name(f".{book.id}.{name}") for name in ("young", "old"))
    for path in (young, old):
        path.mkdir()
    os.utime(old, (old.stat().st_mtime - ABANDONED_S - 1,) * 2)
    store.remove_abandoned()
    assert (young.exists(), old.exists(), book.exists) == (True, False, True)


def end(book: BookFolder, ended_s: float) -> None:
    outcome = BookOutcome(DONE, token=book.token)
    book.write_outcome(outcome)
    assert book.end(outcome.token)
    os.utime(book.path / "outcome.json", (ended_s, ended_s))


def test_books_are_removed_some_days_after_their_end(store: BookStore) -> None:
    old, young, waiting = (store.add(order(), DOCUMENT, PLAN) for _ in range(3))
    day_ago_s = time.time() - DAY_S
    end(old, day_ago_s - 3600)
    end(young, day_ago_s + 3600)
    end(waiting, 0)
    waiting.set_pending()  # a correction
    assert BookRetention(0, 0).sweep(store) == 0
    assert BookRetention(1, 0).sweep(store) == 1
    assert (old.exists, young.exists, waiting.exists) == (False, True, True)
    assert BookRetention(1, 0).sweep(store) == 0


def test_the_oldest_books_go_where_all_take_too_much(store: BookStore) -> None:
    """Those that are being made count, and stay."""
    books = [store.add(order(), DOCUMENT, PLAN) for _ in range(4)]
    for second, book in enumerate(books):
        (book.files / "book.m4b").write_bytes(bytes(1_000_000))
        if second:
            end(book, float(second))
    assert BookRetention(0, 0.0045).sweep(store) == 0
    assert BookRetention(0, 0.0025).sweep(store) == 2
    assert [book.exists for book in books] == [True, False, False, True]


def test_a_damaged_file_is_named(store: BookStore) -> None:
    book = store.add(order(), DOCUMENT, PLAN)
    (book.path / "plan.json").write_text("{")
    with pytest.raises(Misconfigured, match=r"plan\.json is damaged; delete the book, and send it again"):
        book.plan()


def test_one_users_many_books_keep_no_other_waiting() -> None:
    anna, ben = ([BookFolder(Path(f"/books/{owner}/{n}")) for n in range(3)] for owner in ("anna", "ben"))
    pending = [*anna, *ben]
    assert list(in_turn(pending, {})) == [anna[0], ben[0], anna[1], ben[1], anna[2], ben[2]]
    assert next(iter(in_turn(pending, {"anna": 1}))) == ben[0]
