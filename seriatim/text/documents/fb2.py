"""An FB2 book (FictionBook 2): its sections as chapters, its body of notes apart."""

import base64
import binascii
from functools import partial

from seriatim.text.documents.block_writer import BlockWriter
from seriatim.text.documents.document import Document, DocumentFormat, PartKind
from seriatim.text.documents.document_limits import COVER_BYTES, DocumentLimits
from seriatim.text.documents.tree_text import TreeReader, TreeRules
from seriatim.text.documents.xml_tree import Element, attribute, find, find_all, inner_text, local_name, parse_xml
from seriatim.text.documents.zip_archive import ZipArchive

_BLOCKS = frozenset(
    {"p", "subtitle", "title", "section", "epigraph", "cite", "poem", "stanza", "text-author", "table", "annotation"}
)
_PARTS = {
    "table": PartKind.TABLES, "poem": PartKind.POEMS, "cite": PartKind.QUOTATIONS, "epigraph": PartKind.QUOTATIONS,
}  # fmt: skip
_NOTE_BODIES = frozenset({"notes", "comments", "footnotes"})
_NAMES = ("first-name", "middle-name", "last-name")


def read_fb2_archive(archive: ZipArchive, limits: DocumentLimits) -> Document:
    """Read a book that is the only file of an archive.

    Raises:
        BadInput, TextTooLarge: as `read_fb2`.
    """
    return read_fb2(archive.read(next(iter(archive.names))), archive.name, limits)


def read_fb2(raw: bytes, name: str, limits: DocumentLimits) -> Document:
    """Read a book.

    Raises:
        BadInput: it is no well-formed XML.
        TextTooLarge: it has more text than a job may have.
    """
    root = parse_xml(raw, name)
    writer = BlockWriter(name, limits)
    rules = TreeRules(
        blocks=_BLOCKS, lines=frozenset({"v"}), rows=frozenset({"tr"}), cells=frozenset({"td", "th"}),
        hidden=frozenset({"image", "binary", "description", "stylesheet"}), chapter_title=_title, parts=_PARTS,
        is_hidden=partial(_is_mark, _note_ids(root)), is_raised=lambda element: local_name(element) == "sup",
    )  # fmt: skip
    for body in find_all(root, "body"):
        is_notes = body.get("name") in _NOTE_BODIES
        if is_notes:
            writer.begin_note()
        TreeReader(writer, rules).read(body)
        if is_notes:
            writer.end_note()
    info = find(root, "title-info")
    facts = root if info is None else info
    authors = tuple(filter(None, (_author(author) for author in find_all(facts, "author"))))
    title, language = inner_text(find(facts, "book-title")), inner_text(find(facts, "lang"))
    return Document(DocumentFormat.FB2, writer.chapters(), title, authors, language, _cover(root, facts))


def _note_ids(root: Element) -> frozenset[str]:
    """The names of all notes."""
    bodies = (body for body in find_all(root, "body") if body.get("name") in _NOTE_BODIES)
    return frozenset(section.get("id", "") for body in bodies for section in find_all(body, "section"))


def _is_mark(note_ids: frozenset[str], element: Element) -> bool:
    """Is it a link to a note?"""
    if local_name(element) != "a":
        return False
    return attribute(element, "type") == "note" or attribute(element, "href").removeprefix("#") in note_ids - {""}


def _title(element: Element) -> str | None:
    """The title of the chapter that a section is: one of the highest level, outside the notes."""
    parent = element.getparent()
    is_chapter = local_name(element) == "section" and parent is not None and local_name(parent) == "body"
    if not is_chapter or parent.get("name"):
        return None
    title = element[0] if len(element) and local_name(element[0]) == "title" else None
    return "" if title is None else " ".join(inner_text(p) for p in find_all(title, "p"))


def _author(author: Element) -> str:
    return " ".join(filter(None, (inner_text(find(author, name)) for name in _NAMES)))


def _cover(root: Element, facts: Element) -> bytes:
    page = find(facts, "coverpage")
    image = None if page is None else find(page, "image")
    key = "" if image is None else attribute(image, "href").lstrip("#")
    for binary in find_all(root, "binary"):
        if key and binary.get("id") == key and len(binary.text or "") < COVER_BYTES:
            try:
                return base64.b64decode(binary.text or "")
            except binascii.Error:
                return b""
    return b""
