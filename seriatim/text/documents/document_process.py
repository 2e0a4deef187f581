"""A document process reads one untrusted document, with limits of time and memory that the system enforces.

In: a line of JSON with the name, the limits, the markup and what is said of code, then the bytes of the file. Out: JSON
with the document, or with the error that refused it. A parser that never ends, or needs all memory, takes only this
process with it.
"""

import contextlib
import json
import sys
from dataclasses import asdict
from typing import Any, BinaryIO

from seriatim import errors
from seriatim.text.documents.document import Chapter, Document, DocumentFormat, Matter
from seriatim.text.documents.document_limits import DocumentLimits
from seriatim.text.documents.read_document import read_document
from seriatim.text.markup import CodeMode, Markup

MODULE = "seriatim.text.documents.document_process"


def encode_request(
    raw: bytes, name: str, limits: DocumentLimits, markup: Markup, code: CodeMode, *, memory_bytes: int, cpu_s: int
) -> bytes:
    """What a document process reads on its standard input."""
    head = {
        "name": name, "limits": asdict(limits), "markup": markup, "code": code, "memory_bytes": memory_bytes,
        "cpu_s": cpu_s,
    }  # fmt: skip
    return json.dumps(head).encode() + b"\n" + raw


def decode_reply(reply: bytes, name: str) -> Document:
    """The document that a process read. Its cover is left out.

    Raises:
        SeriatimError: the error that refused it; BadInput where the process ended without a reply.
    """
    try:
        fields: dict[str, Any] = json.loads(reply)
    except ValueError:
        raise errors.BadInput(f"{name} could not be read; it is damaged, or needs too much time or memory") from None
    if "error" in fields:
        raise getattr(errors, fields["error"])(fields["message"])
    chapters = tuple(Chapter(title, text, notes, Matter(matter)) for title, text, notes, matter in fields["chapters"])
    return Document(
        DocumentFormat(fields["format"]), chapters, fields["title"], tuple(fields["authors"]), fields["language"],
        warning=fields["warning"], markup=Markup(fields["markup"]),
    )  # fmt: skip


def main(source: BinaryIO, target: BinaryIO) -> None:
    """Read one request, and write the reply to it."""
    head = json.loads(source.readline())
    _limit_process(head["memory_bytes"], head["cpu_s"])
    try:
        limits, markup, code = DocumentLimits(**head["limits"]), Markup(head["markup"]), CodeMode(head["code"])
        document = read_document(source.read(), head["name"], limits, markup, code)
        reply = _fields(document)
    except errors.SeriatimError as error:
        reply = {"error": type(error).__name__, "message": str(error)}
    except MemoryError:
        setting = f"{head['memory_bytes']} bytes of memory (SERIATIM_DOCUMENT_MEMORY_BYTES)"
        reply = {"error": "BadInput", "message": f"{head['name']} needs more than {setting} to be read"}
    target.write(json.dumps(reply).encode())


def _fields(document: Document) -> dict[str, Any]:
    return {
        "format": document.format, "title": document.title, "authors": document.authors,
        "language": document.language, "markup": document.markup, "warning": document.warning,
        "chapters": [(c.title, c.text, c.notes, c.matter) for c in document.chapters],
    }  # fmt: skip


def _limit_process(memory_bytes: int, cpu_s: int) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # a system without such limits
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
