"""The change of narrators of chapters after a book was sent: another voice is another key, so these alone are spoken.

All is written before the book is pending, and a run compares the order before it ends. A request that was interrupted
between leaves chapters without audio; sent again, it finds them.
"""

from collections.abc import Iterable

from gateway.book.book_plan import BookPlan, parse_numbers
from gateway.book.making.book_cast import chapter_narrators
from gateway.book.making.kept_texts import earlier_keys, with_kept_texts
from gateway.book.speak_chapters import unspoken
from gateway.http.books.book_folder import BookFolder
from gateway.http.books.book_keeper import BookKeeper
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
        narrator, language = str(order.options["voice"]), str(order.options.get("language") or "")
        earlier = earlier_keys(before, plan, (narrator, narrator), language, pool)
        corrections = with_kept_texts(project.read_corrections(), earlier)
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
