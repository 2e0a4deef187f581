"""Changes of books: PATCH /v1/books/{id} for the voices of chapters, and …/corrections for sentences."""

import asyncio

from fastapi import APIRouter

from gateway.book.making.sentence_address import SentenceChange, corrections_of, find_chapter, has_speech
from gateway.book.speak_chapters import corrections_done
from gateway.http.books.book_folder import BookFolder
from gateway.http.books.narrator_change import change_narrators
from gateway.http.problems import HttpProblem
from gateway.http.route_dependencies import CallerDep, ContextDep
from gateway.http.routes.books import BookId, described_book, own_book, while_there
from gateway.http.schemas.books import BookCard, BookChangeBody, CorrectionBody, CorrectionsBody
from gateway.http.schemas.responses import LOOKUPS, REFUSALS

router = APIRouter(tags=["books"])


@router.patch("/v1/books/{book_id}", status_code=202, responses=REFUSALS | LOOKUPS)
async def change_book(book_id: BookId, body: BookChangeBody, context: ContextDep, caller: CallerDep) -> BookCard:
    """Give chapters another narrator, or the book's again (`3=`): they alone are spoken again, and files follow.

    Chapters that are not named keep theirs. Also while the book is made. Texts of corrected sentences stay.
    """
    book = await own_book(context, caller, book_id)
    if await while_there(book, lambda: change_narrators(book, body.chapter_voices, context.books)):
        context.books.wake()
    return await described_book(context, book)


@router.post("/v1/books/{book_id}/corrections", status_code=202, responses=REFUSALS | LOOKUPS)
async def correct_book(book_id: BookId, body: CorrectionsBody, context: ContextDep, caller: CallerDep) -> BookCard:
    """Speak sentences again, with another text or another seed; all others keep their samples, and files follow.

    A chapter can be corrected once it is spoken, also while others are. A later correction of a sentence replaces the
    one before.
    """
    book = await own_book(context, caller, book_id)
    for one in body.corrections:
        _check_correction(one)
    await asyncio.to_thread(_add_corrections, book, body)
    context.books.wake()
    return await described_book(context, book)


def _check_correction(one: CorrectionBody) -> None:
    """Refuse what is no correction.

    Raises:
        HttpProblem: it names neither a text nor another take, or both; or the text has nothing to speak.
    """
    if bool(one.text) == one.again:
        message = f"sentence {one.sentence}: expected either text, to be spoken instead, or again: true"
        raise HttpProblem(400, "bad_input", message, param="text")
    if one.text and not has_speech(one.text):
        raise HttpProblem(400, "empty_text", f"sentence {one.sentence}: the text has nothing to speak", param="text")


def _add_corrections(book: BookFolder, body: CorrectionsBody) -> None:
    """Keep corrections, which a run will speak.

    Raises:
        HttpProblem: a chapter is not spoken yet.
        BadInput: there is no such sentence.
    """
    with book.changing():
        project = book.project
        plan = book.plan().plan.with_corrections(project.read_corrections())
        for one in body.corrections:
            chapter, _ = find_chapter(plan, one.sentence)
            if corrections_done(chapter, project) is None:
                raise HttpProblem(409, "not_spoken", f"chapter {chapter.number} is not spoken yet")
        changes = [SentenceChange(one.sentence, one.text, one.again) for one in body.corrections]
        project.add_corrections(corrections_of(plan, project, changes))
        book.set_pending()
