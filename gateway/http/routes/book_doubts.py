"""GET /v1/books/{id}/doubtful: the sentences of a book that may be spoken badly."""

import asyncio

from fastapi import APIRouter

from gateway.book.book_plan import PlannedChapter
from gateway.book.book_project import ChapterRecord
from gateway.book.chapter_quality import known_figures
from gateway.book.making.sentence_address import spoken_version
from gateway.book.sentence_quality import SentenceAudio, doubts_of
from gateway.http.books.book_folder import BookFolder
from gateway.http.books.quality_measuring import MeasuredChapter
from gateway.http.route_dependencies import CallerDep, ContextDep
from gateway.http.routes.book_cards import read_chapter_record, sentence_cards
from gateway.http.routes.books import BookId, own_book, while_there
from gateway.http.schemas.books import BookDoubts, DoubtfulSentence
from gateway.http.schemas.responses import LOOKUPS

router = APIRouter(tags=["books"])

WAIT_S = 5.0  #: for chapters that are not measured yet: about 20 minutes of audio
SpokenChapter = tuple[PlannedChapter, PlannedChapter, ChapterRecord]  #: with its version that is spoken


@router.get("/v1/books/{book_id}/doubtful", responses=LOOKUPS)
async def list_doubtful(book_id: BookId, context: ContextDep, caller: CallerDep) -> BookDoubts:
    """List the sentences that may be spoken badly: too short, too long, silent, clipped, with a pause, repeated.

    Chapters are measured when they are first asked for, at some hundred times real time, and the answer waits for
    seconds at most: ask again while some are `unmeasured`.
    """
    book = await own_book(context, caller, book_id)
    language, chapters, unspoken = await while_there(book, lambda: _spoken_chapters(book))
    project = book.project
    todo = [MeasuredChapter(project, version.key, record, language) for _, version, record in chapters]
    known = await asyncio.to_thread(_known, todo)
    await context.books.quality.measure([one for one, found in zip(todo, known, strict=True) if found is None], WAIT_S)
    figures = await asyncio.to_thread(_known, todo)
    return _doubts(chapters, figures, unspoken)


def _spoken_chapters(book: BookFolder) -> tuple[str, list[SpokenChapter], list[int]]:
    """The language, the chapters of which a version is spoken, and the numbers of the others."""
    project = book.project
    plan = book.plan().plan.with_corrections(project.read_corrections())
    found: list[SpokenChapter] = []
    others: list[int] = []
    for chapter in plan.chapters:
        version = spoken_version(project, chapter)
        if record := read_chapter_record(project, version.key):
            found.append((chapter, version, record))
        else:
            others.append(chapter.number)
    return plan.language or "en", found, others


def _known(chapters: list[MeasuredChapter]) -> list[list[SentenceAudio] | None]:
    return [known_figures(one.project, one.key, one.record, one.language) for one in chapters]


def _doubts(
    chapters: list[SpokenChapter], figures: list[list[SentenceAudio] | None], unspoken: list[int]
) -> BookDoubts:
    measured = [(row, found) for row, found in zip(chapters, figures, strict=True) if found is not None]
    doubts = iter(doubts_of([one for _, found in measured for one in found]))
    listed = [
        DoubtfulSentence(**card.model_dump(), chapter=row[0].number, doubts=list(reasons))
        for row, _ in measured
        for card, reasons in zip(sentence_cards(*row), doubts, strict=False)  # those of the next chapter come behind
        if reasons
    ]
    left = [row[0].number for row, found in zip(chapters, figures, strict=True) if found is None]
    return BookDoubts(data=listed, unmeasured=left, unspoken=unspoken)
