"""Reads a document: recognizes its format by its content, and gives the bytes to the reader of that format."""

from collections.abc import Callable
from dataclasses import replace

from seriatim.errors import BadInput, EmptyText, SeriatimError
from seriatim.text.documents.document import Document, DocumentFormat
from seriatim.text.documents.document_kind import ZIP, archive_format, refuse_binary, text_format
from seriatim.text.documents.document_limits import DocumentLimits
from seriatim.text.documents.docx import read_docx
from seriatim.text.documents.epub_reader.epub import read_epub
from seriatim.text.documents.fb2 import read_fb2, read_fb2_archive
from seriatim.text.documents.fountain import read_fountain
from seriatim.text.documents.odt import read_odt
from seriatim.text.documents.pdf import PDF, PDF_START_BYTES, read_pdf
from seriatim.text.documents.plain_text import read_plain_text
from seriatim.text.documents.rtf import RTF, read_rtf
from seriatim.text.documents.subtitles import read_subtitles
from seriatim.text.documents.text_encoding import decode_text
from seriatim.text.documents.web_page import read_web_page
from seriatim.text.documents.zip_archive import ZipArchive
from seriatim.text.markup import CodeMode, Markup

START_BYTES = 8192  #: by which a document that is text is recognized
ArchiveReader = Callable[[ZipArchive, DocumentLimits], Document]
_ARCHIVES: dict[DocumentFormat, ArchiveReader] = {
    DocumentFormat.DOCX: read_docx, DocumentFormat.ODT: read_odt, DocumentFormat.FB2: read_fb2_archive,
}  # fmt: skip


def read_document(
    raw: bytes, name: str, limits: DocumentLimits, markup: Markup = Markup.AUTO, code: CodeMode = CodeMode.READ
) -> Document:
    """Read the bytes of a file; `name` is what messages call it.

    `code`: what is said of blocks of code where the format has them, in HTML and EPUB.

    A file that is text is read as it is if its markup is named, also if it is a page of HTML or subtitles.

    Raises:
        BadInput: it is no text, is protected or damaged, or exceeds a limit.
        TextTooLarge: it is too large, or has more text than a job may have.
        Misconfigured: its format needs a package that is not installed.
    """
    limits.check_file(len(raw), name)
    try:
        return _read(raw, name, limits, markup, code)
    except (SeriatimError, MemoryError):
        raise
    except Exception as error:  # the packages do not document all that their parsers raise at damaged files
        cause = str(error).partition("\n")[0] or type(error).__name__
        raise BadInput(f"{name} is damaged, and could not be read: {cause}") from error


def _read(raw: bytes, name: str, limits: DocumentLimits, markup: Markup, code: CodeMode) -> Document:
    """As `read_document`, but that a parser may raise any error."""
    if raw.startswith(ZIP):
        archive = ZipArchive(raw, name, limits)
        return _with_text(_read_archive(archive, limits, code), name, markup)
    refuse_binary(raw, name)
    kind = DocumentFormat.TEXT
    if markup is Markup.AUTO:
        kind = text_format(_start(raw))
    if PDF in raw[:PDF_START_BYTES]:
        return _with_text(read_pdf(raw, name, limits), name, markup)
    if kind is DocumentFormat.TEXT and not (raw.startswith(RTF) and markup is Markup.AUTO):
        return read_plain_text(decode_text(raw, name), name, limits, markup)
    return _with_text(_read_marked_text(raw, kind, name, limits, code), name, markup)


def _read_archive(archive: ZipArchive, limits: DocumentLimits, code: CodeMode) -> Document:
    kind = archive_format(archive)
    return read_epub(archive, limits, code) if kind is DocumentFormat.EPUB else _ARCHIVES[kind](archive, limits)


def _read_marked_text(raw: bytes, kind: DocumentFormat, name: str, limits: DocumentLimits, code: CodeMode) -> Document:
    """A document whose bytes are text, but not the text to read."""
    if kind is DocumentFormat.HTML:
        return read_web_page(raw, name, limits, code)
    if kind is DocumentFormat.EMAIL:
        from seriatim.text.documents.email_message import read_email  # its parser takes 15 ms to load

        return read_email(raw, name, limits, code)
    if kind is DocumentFormat.FB2:
        return read_fb2(raw, name, limits)
    if kind is DocumentFormat.SUBTITLES:
        return read_subtitles(decode_text(raw, name), name, limits)
    if kind is DocumentFormat.FOUNTAIN:
        return read_fountain(decode_text(raw, name), name, limits)
    return read_rtf(raw, name, limits)


def is_simple(raw: bytes) -> bool:
    """Is a file plain text in UTF-8, which takes no parser to read?"""
    if (
        raw.startswith((ZIP, RTF))
        or PDF in raw[:PDF_START_BYTES]
        or text_format(_start(raw)) is not DocumentFormat.TEXT
    ):
        return False
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _start(raw: bytes) -> str:
    """The beginning of a file, by which its format is recognized, without the mark of UTF-8."""
    return raw[:START_BYTES].decode("latin-1").removeprefix("ï»¿")


def _with_text(document: Document, name: str, markup: Markup) -> Document:
    """The document, if it has text.

    Raises:
        EmptyText: it has none.
    """
    if not document.chapters:
        raise EmptyText(f"{name} has no text; if its pages are images, recognize their text first (OCR)")
    return replace(document, markup=Markup.NONE) if markup is Markup.NONE else document
