"""Files of books: GET /v1/books/{id}/files/{name}, and …/chapters/{number}, as soon as a chapter is spoken."""

import asyncio
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import FileResponse, Response

from gateway.http.books.book_folder import BookFolder
from gateway.http.problems import not_found
from gateway.http.recordings.filenames import content_disposition
from gateway.http.route_dependencies import CallerDep, ContextDep
from gateway.http.routes.book_cards import MEDIA_TYPES, chapter_text, chapter_version
from gateway.http.routes.books import BookId, own_book, while_there
from gateway.http.routes.job_audio import validate_range
from gateway.http.schemas.books import BookChapterText
from gateway.http.schemas.responses import LOOKUPS, body_of

router = APIRouter(tags=["books"])

FILES = body_of(*sorted(set(MEDIA_TYPES.values())))
CHAPTER_AUDIO = body_of("audio/flac")
VERSION_AGE_S = 3600  #: in a browser's cache: a version of a chapter never changes
FileName = Annotated[str, Path(max_length=300, description="of a file, as the book's card has it")]
Number = Annotated[int, Path(ge=1, le=100_000, description="of the chapter in the document, 1-based")]


@router.get("/v1/books/{book_id}/files/{name}", response_class=Response, responses=FILES | {206: FILES[200]} | LOOKUPS)
async def get_book_file(
    book_id: BookId, name: FileName, request: Request, context: ContextDep, caller: CallerDep
) -> Response:
    """Get a file of a book, as its card names it; it supports ranges."""
    book = await own_book(context, caller, book_id)
    found = await asyncio.to_thread(_find_file, book, name)
    if found is None:
        raise not_found(f"book {book_id} has no file {name[:100]!r}; GET /v1/books/{book_id} lists them")
    path, n_bytes = found
    validate_range(request, n_bytes)
    ending = path.suffix.removeprefix(".")
    disposition = content_disposition(path.stem, book_id, ending)
    headers = {"cache-control": "private, no-cache", "content-disposition": disposition}
    return FileResponse(path, media_type=MEDIA_TYPES.get(ending, "application/octet-stream"), headers=headers)


@router.get("/v1/books/{book_id}/chapters/{number}", responses=LOOKUPS)
async def get_chapter(book_id: BookId, number: Number, context: ContextDep, caller: CallerDep) -> BookChapterText:
    """Get a chapter that is spoken: its sentences with their addresses and times."""
    book = await own_book(context, caller, book_id)
    return await while_there(book, lambda: chapter_text(book, number))


@router.get(
    "/v1/books/{book_id}/chapters/{number}/audio",
    response_class=Response,
    responses=CHAPTER_AUDIO | {206: CHAPTER_AUDIO[200]} | LOOKUPS,
)
async def get_chapter_audio(
    book_id: BookId, number: Number, request: Request, context: ContextDep, caller: CallerDep,
    version: Annotated[str, Query(max_length=64, description="of the chapter's text; default: the latest")] = "",
) -> Response:  # fmt: skip
    """Get the audio of a chapter as FLAC, once it is spoken; it supports ranges."""
    book = await own_book(context, caller, book_id)
    found = await while_there(book, lambda: chapter_version(book, number, version))
    path = book.project.audio(found.key)
    size = await while_there(book, lambda: path.stat().st_size)
    validate_range(request, size)
    age = f"max-age={VERSION_AGE_S}" if version else "no-cache"
    headers = {
        "cache-control": f"private, {age}", "etag": f'"{found.key}"',
        "content-disposition": content_disposition(found.title, book_id, "flac"),
    }  # fmt: skip
    return FileResponse(path, media_type=MEDIA_TYPES["flac"], headers=headers)


def _find_file(book: BookFolder, name: str) -> tuple[FilePath, int] | None:
    """A file of a book that is complete, and its size in bytes; None if there is none of that name."""
    if name.startswith(".") or not book.files.is_dir():
        return None
    for path in book.files.iterdir():  # a name is never joined with a path
        if path.name == name and path.is_file():
            return path, path.stat().st_size
    return None
