"""A document process reads one untrusted document, with limits of time and memory that the system enforces.

In: a line of JSON with the name, the limits, the markup and what is said of code, then the bytes of the file. Out: JSON
with the document, or with the error that refused it. A parser that never ends, or needs all memory, takes only this
process with it.
"""

import base64
import contextlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, BinaryIO

from seriatim import errors
from seriatim.text.documents.document import Chapter, Document, DocumentFormat, Matter, PartKind, TextPart
from seriatim.text.documents.document_limits import DocumentLimits
from seriatim.text.documents.read_document import read_document
from seriatim.text.markup import CodeMode, Markup

MODULE = "seriatim.text.documents.document_process"


def encode_request(
    raw: bytes,
    name: str,
    limits: DocumentLimits,
    markup: Markup,
    code: CodeMode,
    *,
    memory_bytes: int,
    cpu_s: int,
    with_cover: bool = False,
) -> bytes:
    """What a document process reads on its standard input; `with_cover`: its reply has the cover, too."""
    head = {
        "name": name, "limits": asdict(limits), "markup": markup, "code": code, "memory_bytes": memory_bytes,
        "cpu_s": cpu_s, "with_cover": with_cover,
    }  # fmt: skip
    return json.dumps(head).encode() + b"\n" + raw


def decode_reply(reply: bytes, name: str) -> Document:
    """The document that a process read.

    Raises:
        SeriatimError: the error that refused it; BadInput where the process ended without a reply.
    """
    try:
        fields: dict[str, Any] = json.loads(reply)
    except ValueError:
        raise errors.BadInput(f"{name} could not be read; it is damaged, or needs too much time or memory") from None
    if "error" in fields:
        raise getattr(errors, fields["error"])(fields["message"])
    return document_of(fields)


def document_of(fields: Mapping[str, Any]) -> Document:
    """The document of `document_fields`."""
    chapters = tuple(_chapter(*row) for row in fields["chapters"])
    return Document(
        DocumentFormat(fields["format"]), chapters, fields["title"], tuple(fields["authors"]), fields["language"],
        base64.b64decode(fields["cover"]), fields["warning"], Markup(fields["markup"]),
    )  # fmt: skip


def document_fields(document: Document) -> dict[str, Any]:
    """A document as JSON has it."""
    return {
        "format": document.format, "title": document.title, "authors": document.authors,
        "language": document.language, "markup": document.markup, "warning": document.warning,
        "chapters": [
            (c.title, c.text, c.notes, c.matter, [(part.kind, part.start, part.end) for part in c.parts])
            for c in document.chapters
        ],
        "cover": base64.b64encode(document.cover).decode(),
    }  # fmt: skip


def _chapter(title: str, text: str, notes: str, matter: str, parts: Sequence[Sequence[Any]]) -> Chapter:
    found = tuple(TextPart(PartKind(kind), start, end) for kind, start, end in parts)
    return Chapter(title, text, notes, Matter(matter), found)


def main(source: BinaryIO, target: BinaryIO) -> None:
    """Read one request, and write the reply to it."""
    head = json.loads(source.readline())
    _limit_process(head["memory_bytes"], head["cpu_s"])
    try:
        limits, markup, code = DocumentLimits(**head["limits"]), Markup(head["markup"]), CodeMode(head["code"])
        document = read_document(source.read(), head["name"], limits, markup, code)
        reply = document_fields(replace(document, cover=_usable_cover(document) if head["with_cover"] else b""))
    except errors.SeriatimError as error:
        reply = {"error": type(error).__name__, "message": str(error)}
    except MemoryError:
        setting = f"{head['memory_bytes']} bytes of memory (SERIATIM_DOCUMENT_MEMORY_BYTES)"
        reply = {"error": "BadInput", "message": f"{head['name']} needs more than {setting} to be read"}
    target.write(json.dumps(reply).encode())


def _usable_cover(document: Document) -> bytes:
    """The cover as JPEG or PNG, converted here: an image may be as hostile as the rest of the file."""
    from seriatim.audio.cover_image import usable_cover  # imports FFmpeg's libraries

    return usable_cover(document.cover)


def _limit_process(memory_bytes: int, cpu_s: int) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # a system without such limits
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
