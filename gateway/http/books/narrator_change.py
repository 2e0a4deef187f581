"""The change of narrators of chapters after a book was sent: another voice is another key, so these alone are spoken.

All is written before the book is pending, and a run compares the order before it ends. A request that was interrupted
between leaves chapters without audio; sent again, it finds them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from gateway.book.book_plan import BookPlan, PlannedChapter, parse_numbers
from gateway.book.corrections import Correction, with_texts_of
from gateway.book.making.book_cast import chapter_narrators
from gateway.book.speak_chapters import unspoken
from gateway.http.books.book_folder import BookFolder
from gateway.http.books.book_keeper import BookKeeper
from gateway.http.books.book_order import BookOrder
from gateway.http.books.stored_plan import StoredPlan, plan_fields
from seriatim.errors import BadInput
from seriatim.state.pool_record import PoolRecord


def change_narrators(book: BookFolder, wishes: Iterable[str], keeper: BookKeeper) -> bool:
    """Give chapters the narrators of wishes such as `5-7=alto`, or `3=` for the book's; False: all is as it was.

    Raises:
        BadInput: a wish has another form, or names no chapter of the book.
        UnknownVoice: the pool has no such voice.
        FileNotFoundError: the book is removed.
        Unwritable: the disk is full, for instance.
    """
    with book.changing():
        before, order, project = book.plan().plan, book.order(), book.project
        pool = keeper.producer.pool_cache.get(str(order.options["pool"]))
        changes = _narrators(wishes, before, len(book.document().chapters), pool)
        order = order.with_narrators(changes)
        plan = keeper.prepare(book, order).plan
        corrections = _with_kept_texts(
            project.read_corrections(), before, plan, lambda one: _language(one, order, pool)
        )
        if StoredPlan.of(plan_fields(plan)).plan == before and not unspoken(
            plan.with_corrections(corrections), project
        ):
            return False
        book.write_json("narrators.json", book.narrators() | changes)
        book.write_json("plan.json", plan_fields(plan))
        project.write_corrections(corrections)
        book.set_pending()
        return True


def _narrators(wishes: Iterable[str], plan: BookPlan, n_chapters: int, pool: PoolRecord) -> dict[int, str]:
    """The narrators of wishes; "": the book's.

    Raises:
        BadInput, UnknownVoice: as `change_narrators`.
    """
    planned, narrators = {chapter.number for chapter in plan.chapters}, dict[int, str]()
    for wish in wishes:
        numbers, equals, voice = wish.partition("=")
        if equals and not voice.strip():
            found = dict.fromkeys(parse_numbers(numbers, n_chapters), "")
        else:
            found = chapter_narrators([wish], n_chapters, pool)
        if planned.isdisjoint(found):
            raise BadInput(f"chapter voice {wish!r}: chapter {numbers.strip()} is none of the book")
        narrators |= found
    return narrators


def _with_kept_texts(
    corrections: Mapping[str, Sequence[Correction]],
    before: BookPlan,
    plan: BookPlan,
    language: Callable[[PlannedChapter], str],
) -> dict[str, Sequence[Correction]]:
    """The corrections of chapters, with the texts of those that have another voice of the same language.

    In another language a text may be cut into other sentences.
    """
    kept = dict(corrections)
    for old, new in zip(before.chapters, plan.chapters, strict=False):
        if old.key != new.key and old.key in corrections and language(old) == language(new):
            kept[new.key] = with_texts_of(corrections.get(new.key, ()), corrections[old.key])
    return kept


def _language(chapter: PlannedChapter, order: BookOrder, pool: PoolRecord) -> str:
    """The language by which a chapter's text is cut into sentences."""
    return str(order.options.get("language") or pool.language_of(chapter.voice or str(order.options["voice"])))
