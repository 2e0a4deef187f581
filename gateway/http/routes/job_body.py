"""The body of a job, or of another text: JSON, a form with a document, or a document with its fields in the query."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import ValidationError
from starlette.datastructures import UploadFile
from starlette.requests import Request

from gateway.http.context import GatewayContext
from gateway.http.problems import HttpProblem
from gateway.http.recordings.source_text import normalize_title
from gateway.http.schemas.lenient_json import parse_json
from gateway.http.schemas.requests import NewJobBody, SpeechOptions
from gateway.http.validation_problems import unreadable_json, validation_problem
from seriatim.text.documents import Document
from seriatim.text.markup import CodeMode, Markup

JSON, FORM, DOCUMENT = "application/json", "multipart/form-data", "application/octet-stream"
#: types of documents; what a body is decides its content
DOCUMENT_TYPES = frozenset(
    {
        DOCUMENT, "application/epub+zip", "application/pdf", "application/rtf", "application/xhtml+xml",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.oasis.opendocument.text", "application/x-fictionbook+xml", "application/x-fictionbook",
        "application/x-subrip", "application/xml",
    }
)  # fmt: skip
REF = "#/components/schemas/{model}"
FILE = {"type": "string", "format": "binary"}
TextBody = TypeVar("TextBody", bound=SpeechOptions)
TITLE_CHARS = 200  #: as the field `title`
OBJECTS = ("speakers", "cast", "lexicon", "options")  #: fields that are JSON in a form or a query string


def text_or_document(model: str) -> dict[str, Any]:
    """What the OpenAPI document says of a body that `parse_text_body` parses."""
    content = {
        JSON: {"schema": {"$ref": REF.format(model=model)}},
        FORM: {"schema": {"type": "object", "properties": {"file": FILE}, "required": ["file"]}},
        DOCUMENT: {"schema": FILE},
    }
    return {"requestBody": {"required": True, "content": content}}


async def parse_job_body(request: Request, context: GatewayContext) -> NewJobBody:
    """Parse the body of a new job; a document becomes its text, with its markup and title.

    Raises:
        HttpProblem: the body has another type, or an invalid field.
        BadInput: its document cannot be read.
    """
    body, document = await parse_text_body(request, context, NewJobBody)
    return _with_document(body, document) if document else body


async def parse_text_body(
    request: Request, context: GatewayContext, model: type[TextBody], *, with_cover: bool = False
) -> tuple[TextBody, Document | None]:
    """Parse a body that holds a text, or the fields beside a document, whose `input` is then empty.

    Raises:
        HttpProblem: the body has another type, or an invalid field.
        BadInput: its document cannot be read.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == JSON:
        raw = await request.body()
        return await asyncio.to_thread(_validate, lambda: model.model_validate(parse_json(raw))), None
    fields: dict[str, Any] = dict(request.query_params)
    if kind == FORM:
        file = await _read_form(request, fields)
    elif kind in DOCUMENT_TYPES or kind.startswith("text/"):
        file = await request.body()
    else:
        expected = f"{JSON}, {FORM}, or the type of a document, such as {DOCUMENT}"
        raise HttpProblem(415, "bad_input", f"content type {kind or 'missing'}; expected {expected}")
    decode_objects(fields)
    if file is None:
        return _validate(lambda: model.model_validate(fields)), None
    body = _validate(lambda: model.model_validate(fields | {"input": ""}))
    document = await context.documents.read(
        file, Markup(body.markup or Markup.AUTO), CodeMode(body.code or CodeMode.READ), with_cover=with_cover
    )
    request.state.document_warning = document.warning
    return body, document


async def _read_form(request: Request, fields: dict[str, Any]) -> bytes | None:
    """Put a form's fields into `fields`; returns the content of its file, if it has one."""
    async with request.form(max_files=1, max_fields=40, max_part_size=1024 * 1024) as form:
        fields.update((name, value) for name, value in form.items() if isinstance(value, str))
        file = form.get("file")
        return await file.read() if isinstance(file, UploadFile) else None


def decode_objects(fields: dict[str, Any]) -> None:
    """Decode the fields of a form that are objects or lists, as JSON; other values are left as they are.

    Raises:
        HttpProblem: one is no JSON.
    """
    for name in OBJECTS:
        text = fields.get(name)
        if isinstance(text, str) and text.lstrip().startswith(("{", "[")):
            try:
                fields[name] = parse_json(text)
            except ValueError as error:
                raise unreadable_json(error, name) from None


def _with_document(body: NewJobBody, document: Document) -> NewJobBody:
    title = body.title
    if not title and body.drain == "store":
        title = _title(document.title)
    return body.model_copy(update={"input": document.text, "markup": str(document.markup), "title": title})


def _title(text: str) -> str | None:
    """The title of a document as the title of a job; None if it has none that can be shown."""
    try:
        return normalize_title(text)[:TITLE_CHARS] or None
    except ValueError:
        return None


def _validate(read: Callable[[], TextBody]) -> TextBody:
    try:
        return read()
    except ValidationError as error:
        raise validation_problem(error.errors(include_url=False, include_input=False)) from None
    except ValueError as error:
        raise unreadable_json(error) from None
