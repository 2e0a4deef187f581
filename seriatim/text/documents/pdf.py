"""A PDF with a text layer: lines joined into paragraphs across columns and pages, headings as chapters."""

import io
import logging
import re
import struct
import zlib
from collections.abc import Iterator
from itertools import pairwise
from statistics import median
from typing import Any

from seriatim.errors import BadInput
from seriatim.text.documents.block_writer import BlockWriter
from seriatim.text.documents.document import Document, DocumentFormat
from seriatim.text.documents.document_limits import DocumentLimits
from seriatim.text.documents.missing_package import required_package
from seriatim.text.documents.pdf_lines import (
    LineCollector,
    PdfLine,
    body_size,
    in_reading_order,
    with_drop_caps,
    without_running_heads,
)

PDF = b"%PDF-"
PDF_START_BYTES = 1024  #: within which that may stand
#: what pypdf raises for a file that breaks the format's rules, besides its own errors
_DAMAGE = (
    KeyError, ValueError, TypeError, AttributeError, IndexError, RecursionError, ArithmeticError, NotImplementedError,
    AssertionError, EOFError, OSError, struct.error, zlib.error,
)  # fmt: skip
_ENDS = ".!?…:。！？\"'”’»)"
_HEADING = 1.2  #: times as large as the text
_NO_TITLE = re.compile(r"microsoft \w+ - .*|untitled.*|.*\.(?:docx?|pdf|indd|qxd|tex|dvi|rtf|odt)", re.IGNORECASE)


def read_pdf(raw: bytes, name: str, limits: DocumentLimits) -> Document:
    """Read a PDF.

    Raises:
        BadInput: it is encrypted or damaged, or has too many pages.
        TextTooLarge: it has more text than a job may have.
    """
    pypdf = required_package("pypdf")
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it reports every flaw of a file that it can read
    try:
        reader = pypdf.PdfReader(io.BytesIO(raw))
        _decrypt(reader, name)
        limits.check_pages(len(reader.pages), name)
        pages = [_page_lines(page) for page in reader.pages]
        facts = reader.metadata or {}
        title, author = (" ".join(str(facts.get(key) or "").split()) for key in ("/Title", "/Author"))
        language = str(reader.root_object.get("/Lang") or "")
    except (pypdf.errors.PyPdfError, pypdf.errors.DeprecationError, *_DAMAGE) as error:
        raise BadInput(f"{name} is a damaged PDF: {_line(error)}") from None
    writer = BlockWriter(name, limits)
    body = body_size(pages)
    for page in without_running_heads(pages, body):
        _write_page(writer, with_drop_caps(page, body), body)
    title = "" if _NO_TITLE.fullmatch(title) else title
    return Document(DocumentFormat.PDF, writer.chapters(), title, (author,) if author else (), language)


def _decrypt(reader: Any, name: str) -> None:
    """Open a file that only restricts printing or copying, and so has an empty password."""
    if not reader.is_encrypted:
        return
    errors = required_package("pypdf.errors")
    try:
        opened = reader.decrypt("")
    except (errors.DependencyError, *_DAMAGE):
        opened = 0
    if not opened:
        raise BadInput(f"{name} is encrypted; remove its password first, for example with: qpdf --decrypt")


def _page_lines(page: Any) -> list[PdfLine]:
    collector = LineCollector()
    page.extract_text(visitor_text=collector.visit)
    collector.end_line()
    return in_reading_order(collector.lines)


def _write_page(writer: BlockWriter, lines: list[PdfLine], body: float) -> None:
    spacing = _spacing(lines)
    before: PdfLine | None = None
    for line, is_heading in _with_headings(lines, body):
        if is_heading and (before is None or before.size != line.size):
            writer.start_chapter(_heading_text(lines, line))
        elif _ends_paragraph(before, writer.last_word(), line, spacing):
            writer.end_block()
        writer.write_wrapped(line.text)
        before = line
    if before is not None and before.size >= _HEADING * body:
        writer.end_block()


def _with_headings(lines: list[PdfLine], body: float) -> Iterator[tuple[PdfLine, bool]]:
    return ((line, line.size >= _HEADING * body) for line in lines)


def _heading_text(lines: list[PdfLine], first: PdfLine) -> str:
    """All lines of a heading that begins with `first`."""
    words = []
    for line in lines[lines.index(first) :]:
        if line.size != first.size:
            break
        words.append(line.text)
    return " ".join(words)


def _begins_paragraph(before: PdfLine, line: PdfLine, spacing: float) -> bool:
    if abs(line.size - before.size) > 0.1 * before.size:
        return True
    if before.y < line.y or before.y - line.y > 4 * spacing:  # the next column
        return not _goes_on(before.text, line)
    if before.y - line.y > 1.3 * spacing:
        return True
    is_indented = line.x - before.x > 0.8 * line.size
    return is_indented and before.text[-1] in _ENDS


def _ends_paragraph(before: PdfLine | None, last_word: str, line: PdfLine, spacing: float) -> bool:
    """Does the paragraph end before a line? `before` is the line above; None on a new page."""
    return not _goes_on(last_word, line) if before is None else _begins_paragraph(before, line, spacing)


def _goes_on(text: str, line: PdfLine) -> bool:
    """Does a text that a page or column ends with go on in a line?"""
    return bool(text) and (text[-1] not in _ENDS or line.text[:1].islower())


def _spacing(lines: list[PdfLine]) -> float:
    """The distance of lines in a paragraph."""
    steps = [upper.y - lower.y for upper, lower in pairwise(lines) if 0 < upper.y - lower.y < 4 * upper.size]
    return median(steps) if steps else 12.0


def _line(error: BaseException) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:200]
