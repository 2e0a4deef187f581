"""/v1/books: audiobooks that a gateway makes of documents."""

import asyncio
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path as FilePath
from typing import Annotated, TypeVar

from fastapi import APIRouter, Header, Path, Query, Request
from starlette.responses import JSONResponse, Response

from gateway.book.making.book_cast import chapter_narrators
from gateway.cli.render.book_tables import plan_json
from gateway.cli.render.speaker_table import planned_speakers
from gateway.http.api_keys import Caller
from gateway.http.books.book_folder import FAILED, BookFolder
from gateway.http.books.book_order import BookOrder, PreparedBook, prepare_book
from gateway.http.books.book_store import new_book_id
from gateway.http.context import GatewayContext
from gateway.http.problems import HttpProblem, not_found
from gateway.http.route_dependencies import CallerDep, ContextDep
from gateway.http.routes.book_cards import book_card, plan_card
from gateway.http.routes.job_body import parse_text_body, text_or_document
from gateway.http.schemas.books import BookBody, BookCard, BookList, BookPlanCard
from gateway.http.schemas.ignored_fields import joined_warning
from gateway.http.schemas.requested_pool import chosen_request
from gateway.http.schemas.responses import LOOKUPS, REFUSALS
from seriatim.client.admission import check_webhook
from seriatim.client.job_options import JobRequest
from seriatim.client.option_checks import MAX_SPEAKERS
from seriatim.text.dialogue.cast import Cast
from seriatim.text.documents import Document
from seriatim.text.documents.document_process import document_fields
from seriatim.text.markup import CodeMode, Markup

router = APIRouter(tags=["books"])

BookId = Annotated[str, Path(max_length=64, description="the id that POST /v1/books returned")]
T = TypeVar("T")


@router.post(
    "/v1/books",
    status_code=202,
    response_model=BookCard,
    responses=REFUSALS | {415: REFUSALS[400]},
    openapi_extra=text_or_document("BookBody"),
)
async def create_book(
    request: Request,
    context: ContextDep,
    caller: CallerDep,
    idempotency_key: Annotated[str, Header(max_length=256, description="the same key names the same book")] = "",
) -> Response:
    """Make an audiobook of a document; responds when the document is stored durably.

    The body is JSON; or a form with a document as `file` and the other fields; or a document, with the fields in the
    query string. Chapters are spoken as jobs of the caller. The book survives a restart of any process.
    """
    body, document = await _parse(request, context)
    order, prepared, _ = await asyncio.to_thread(_order, context, caller, body, document, idempotency_key)
    store = await asyncio.to_thread(context.books.store)
    book = await asyncio.to_thread(store.add, order, document, prepared.plan)
    context.books.wake()
    request.state.warning = order.warning
    card = await described_book(context, book)
    return JSONResponse(card.model_dump(), 202, {"location": f"/v1/books/{book.id}"})


@router.post("/v1/books/plan", responses=REFUSALS | {415: REFUSALS[400]}, openapi_extra=text_or_document("BookBody"))
async def show_plan(request: Request, context: ContextDep, caller: CallerDep) -> BookPlanCard:
    """Show what would be spoken of a document: chapters, durations, voices and warnings; nothing is made."""
    body, document = await _parse(request, context)
    order, prepared, job_request = await asyncio.to_thread(_order, context, caller, body, document, "")
    fields = plan_json(prepared.plan, job_request.voice, job_request.pool_name)
    card = plan_card(prepared.plan, order, fields, context.prices.get(job_request.pool_name))
    if body.cast or body.speakers:
        speakers = await asyncio.to_thread(_speakers, context, job_request, prepared)
        card = card.model_copy(update={"speakers": speakers})
    return card


@router.get("/v1/books", responses=LOOKUPS)
async def list_books(
    context: ContextDep, caller: CallerDep, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> BookList:
    """List the caller's latest books, newest first."""
    return BookList(data=await asyncio.to_thread(_latest_books, context, caller.user, limit))


@router.get("/v1/books/{book_id}", responses=LOOKUPS)
async def get_book(book_id: BookId, context: ContextDep, caller: CallerDep) -> BookCard:
    """Get the state of a book: its chapters with the progress of each, time left, cost, warnings, gaps and files."""
    return await described_book(context, await own_book(context, caller, book_id))


@router.post("/v1/books/{book_id}/resume", status_code=202, responses=LOOKUPS)
async def resume_book(book_id: BookId, context: ContextDep, caller: CallerDep) -> BookCard:
    """Go on with a book that failed, from what is spoken. No effect on any other."""
    book = await own_book(context, caller, book_id)
    if await while_there(book, lambda: _set_pending_if_failed(book)):
        context.books.wake()
    return await described_book(context, book)


@router.delete("/v1/books/{book_id}", status_code=204, response_class=Response, responses=LOOKUPS)
async def delete_book(book_id: BookId, context: ContextDep, caller: CallerDep) -> Response:
    """Remove a book with its files and all that is spoken of it; its jobs are cancelled."""
    book = await own_book(context, caller, book_id)
    store = await asyncio.to_thread(context.books.store)
    await asyncio.to_thread(store.remove, book)
    await asyncio.to_thread(context.books.stop, book_id)
    return Response(status_code=204)


async def own_book(context: GatewayContext, caller: Caller, book_id: str) -> BookFolder:
    """A book of the caller.

    Raises:
        HttpProblem: not found; also for books of other users, so that the answer does not reveal that they exist.
    """
    store = await asyncio.to_thread(context.books.store)
    book = await asyncio.to_thread(store.book, caller.user, book_id)
    if book is None:
        raise _no_book(book_id)
    return book


async def while_there(book: BookFolder, call: Callable[[], T]) -> T:
    """The result of a call about a book, in a thread.

    Raises:
        HttpProblem: the book was removed meanwhile.
    """
    try:
        return await asyncio.to_thread(call)
    except FileNotFoundError:
        raise _no_book(book.id) from None


def _no_book(book_id: str) -> HttpProblem:
    return not_found(f"no book {book_id[:64]!r}: it was never accepted, or it is deleted")


async def described_book(context: GatewayContext, book: BookFolder) -> BookCard:
    """The card of a book.

    Raises:
        HttpProblem: the book was removed meanwhile.
    """
    return await while_there(book, lambda: book_card(book, context.producer.redis, context.prices))


async def _parse(request: Request, context: GatewayContext) -> tuple[BookBody, Document]:
    """The fields of a body, and its document; a text is a document, too.

    Raises:
        HttpProblem: it has neither, another type, or an invalid field.
        BadInput: the document cannot be read.
    """
    body, document = await parse_text_body(request, context, BookBody, with_cover=True)
    if document is None:
        if not body.input:
            raise HttpProblem(400, "bad_input", "expected a document as file, or a text as input", param="input")
        markup, code = Markup(body.markup or Markup.AUTO), CodeMode(body.code or CodeMode.READ)
        document = await context.documents.read(body.input.encode(), markup, code)
    return body, document


def _order(
    context: GatewayContext, caller: Caller, body: BookBody, document: Document, idempotency_key: str
) -> tuple[BookOrder, PreparedBook, JobRequest]:
    """The order of a book, the book as it would be made, and the request of its jobs.

    Raises:
        HttpProblem, UnknownVoice, UnknownLanguage, UnknownOption, BadInput: an option cannot be used.
        EmptyText: there is nothing to speak.
    """
    options = body.job_options(context, caller, kind="batch", drain="window")
    webhook = options.pop("webhook", "")  # of the book, and not of each chapter
    check_webhook(webhook, context.producer.settings)
    request = replace(chosen_request(context, caller, options, document.text), markup=document.markup)
    resolved = context.producer.resolve(request, document.text)
    options |= {"engine": request.pool_name, "pool": request.pool_name}
    if request.cast.finds_speakers:
        options["speakers"] = _speakers_of_all_chapters(request, resolved.request.cast)
    order = BookOrder(
        new_book_id(caller.user, idempotency_key), caller.user, time.time(), options,
        layout=body.layout, format_name=body.format_name, captions=body.captions, loudness_lufs=body.loudness,
        codec=body.codec or "", chapter_voices=_narrators(context, request, body, document),
        room_tone_db=body.room_tone, chapters=body.chapters, include=body.include, exclude=body.exclude,
        title=body.title or "", webhook=webhook, warning=joined_warning(document.warning, resolved.joined_warning()),
        digest=_digest(body, document),
    )  # fmt: skip
    system = context.books.lexicons.current(request.pool_name)
    prepared = prepare_book(order, document, FilePath("files"), caller.lexicon.current(), system)
    return order, prepared, request


def _narrators(context: GatewayContext, request: JobRequest, body: BookBody, document: Document) -> dict[int, str]:
    """The voices of chapters with a narrator of their own.

    Raises:
        BadInput, UnknownVoice: there is no such chapter or voice.
    """
    pool = context.producer.pool_cache.get(request.pool_name)
    return chapter_narrators(body.chapter_voices, len(document.chapters), pool)


def _speakers_of_all_chapters(request: JobRequest, cast: Cast) -> dict[str, str]:
    """The voices of a book's speakers, by name: each chapter is a job, and none may choose others for them.

    `cast`: that of the request with the speakers of the whole text.
    """
    found = {name: style.voice for name, style in cast.speakers.items() if name not in request.cast.speakers}
    named = dict(request.speakers)
    return dict(islice((named | found | named).items(), MAX_SPEAKERS))


def _digest(body: BookBody, document: Document) -> str:
    content = json.dumps([body.model_dump(mode="json"), document_fields(document)], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def _speakers(context: GatewayContext, request: JobRequest, prepared: PreparedBook) -> list[dict[str, object]]:
    voices = [voice.card() for voice in context.producer.pool_cache.get(request.pool_name).voices]
    return planned_speakers(request, voices, [chapter.text for chapter in prepared.plan.chapters])


def _latest_books(context: GatewayContext, user: str, most: int) -> list[BookCard]:
    cards = []
    for book in context.books.store().latest_of(user, most):
        try:
            cards.append(book_card(book, context.producer.redis, context.prices))
        except FileNotFoundError:  # it was removed meanwhile
            continue
    return cards


def _set_pending_if_failed(book: BookFolder) -> bool:
    with book.changing():
        outcome = book.outcome()
        if is_failed := outcome is not None and outcome.state == FAILED:
            book.set_pending()
        return is_failed
