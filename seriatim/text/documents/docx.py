"""A DOCX document, as Word and others write it: paragraphs, tables, chapters by the styles of headings, notes apart."""

import re
from functools import partial

from seriatim.text.documents.block_writer import BlockWriter
from seriatim.text.documents.document import Document, DocumentFormat, PartKind
from seriatim.text.documents.document_limits import DocumentLimits
from seriatim.text.documents.tree_text import TreeReader, TreeRules
from seriatim.text.documents.xml_tree import Element, attribute, find, find_all, inner_text, local_name, parse_xml
from seriatim.text.documents.zip_archive import ZipArchive

_DOCUMENT, _STYLES, _CORE = "word/document.xml", "word/styles.xml", "docProps/core.xml"
_NOTES = {"footnotereference": "word/footnotes.xml", "endnotereference": "word/endnotes.xml"}
_HIDDEN = frozenset(
    {"fallback", "del", "movefrom", "instrtext", "deltext", "footnoteref", "endnoteref", "annotationref", "docpart"}
)
_HEADING = re.compile(r"heading (\d)")


def read_docx(archive: ZipArchive, limits: DocumentLimits) -> Document:
    """Read a document.

    Raises:
        BadInput: it is damaged, or exceeds a limit.
        TextTooLarge: it has more text than a job may have.
    """
    root = _part(archive, _DOCUMENT)
    styles = _style_names(archive)
    levels = {style: int(match[1]) for style, name in styles.items() if (match := _HEADING.match(name))}
    used = sorted({level for p in find_all(root, "p") if (level := levels.get(_style(p), 0))})[:2]
    notes = {name: _notes(archive, path) for name, path in _NOTES.items() if path in archive.names}
    rules = TreeRules(
        blocks=frozenset({"p", "tbl"}),
        parts={"tbl": PartKind.TABLES}, breaks=frozenset({"br", "cr"}), rows=frozenset({"tr"}), cells=frozenset({"tc"}),
        hidden=_HIDDEN, characters={"tab": " ", "nobreakhyphen": "-", "softhyphen": "", "sym": ""},
        text_elements=frozenset({"t"}), is_hidden=partial(_is_hidden, styles), is_raised=_is_raised,
        joins_next=_is_drop_cap,
        chapter_title=lambda element: inner_text(element) if levels.get(_style(element), 0) in used else None,
        note_of=lambda element: notes.get(local_name(element), {}).get(attribute(element, "id")),
    )  # fmt: skip
    writer = BlockWriter(archive.name, limits)
    TreeReader(writer, rules).read(root)
    core = _part(archive, _CORE) if _CORE in archive.names else None
    title, author, language = ("" if core is None else inner_text(find(core, name)) for name in _FACTS)
    return Document(DocumentFormat.DOCX, writer.chapters(), title, (author,) if author else (), language)


_FACTS = ("title", "creator", "language")


def _part(archive: ZipArchive, path: str) -> Element:
    return parse_xml(archive.read(path), f"{archive.name}: {path}")


def _style_names(archive: ZipArchive) -> dict[str, str]:
    """The names of styles by their ids, which depend on the language of the program that wrote them."""
    if _STYLES not in archive.names:
        return {}
    names = {}
    for style in find_all(_part(archive, _STYLES), "style"):
        name = next(find_all(style, "name"), None)
        names[attribute(style, "styleId")] = "" if name is None else attribute(name, "val").lower()
    return names


def _style(element: Element) -> str:
    """The style of a paragraph; "" if it has none, or is no paragraph."""
    if local_name(element) != "p":
        return ""
    properties = element[0] if len(element) and local_name(element[0]) == "ppr" else None
    style = None if properties is None else find(properties, "pstyle")
    return "" if style is None else attribute(style, "val")


def _is_hidden(styles: dict[str, str], element: Element) -> bool:
    """Is it hidden text, or a line of a table of contents?"""
    name = local_name(element)
    if name == "p":
        return styles.get(_style(element), "").startswith("toc ")
    properties = element[0] if name == "r" and len(element) and local_name(element[0]) == "rpr" else None
    return properties is not None and find(properties, "vanish") is not None


def _is_raised(element: Element) -> bool:
    """Is it a stretch of raised text?"""
    properties = element[0] if local_name(element) == "r" and len(element) else None
    if properties is None or local_name(properties) != "rpr":
        return False
    return any(attribute(each, "val") == "superscript" for each in find_all(properties, "vertalign"))


def _is_drop_cap(element: Element) -> bool:
    """Is it the large first letter of the next paragraph, which is a paragraph of its own in Word?"""
    properties = element[0] if local_name(element) == "p" and len(element) else None
    if properties is None or local_name(properties) != "ppr":
        return False
    return any(attribute(frame, "dropCap") not in ("", "none") for frame in find_all(properties, "framepr"))


def _notes(archive: ZipArchive, path: str) -> dict[str, Element]:
    return {attribute(note, "id"): note for note in find_all(_part(archive, path), "footnote", "endnote")}
