"""An ODT document, as LibreOffice and others write it."""

from seriatim.text.documents.block_writer import BlockWriter
from seriatim.text.documents.document import Document, DocumentFormat, PartKind
from seriatim.text.documents.document_limits import DocumentLimits
from seriatim.text.documents.tree_text import TreeReader, TreeRules
from seriatim.text.documents.xml_tree import Element, attribute, find, find_all, inner_text, local_name, parse_xml
from seriatim.text.documents.zip_archive import ZipArchive

_CONTENT, _META = "content.xml", "meta.xml"
_HIDDEN = frozenset(
    {
        "tracked-changes", "annotation", "annotation-end", "note-citation", "table-of-content", "forms", "desc",
        "automatic-styles", "font-face-decls", "scripts", "sequence-decls", "ruby-text", "hidden-text", "bookmark",
    }
)  # fmt: skip


def read_odt(archive: ZipArchive, limits: DocumentLimits) -> Document:
    """Read a document.

    Raises:
        BadInput: it is damaged, or exceeds a limit.
        TextTooLarge: it has more text than a job may have.
    """
    root = parse_xml(archive.read(_CONTENT), f"{archive.name}: {_CONTENT}")
    used = sorted({_level(heading) for heading in find_all(root, "h")})[:2]
    rules = TreeRules(
        blocks=frozenset({"p", "h", "list", "table"}), breaks=frozenset({"line-break"}),
        parts={"table": PartKind.TABLES}, rows=frozenset({"table-row"}), cells=frozenset({"table-cell"}),
        hidden=_HIDDEN, notes=frozenset({"note"}),
        characters={"s": " ", "tab": " "},
        chapter_title=lambda element: inner_text(element) if _level(element) in used else None,
    )  # fmt: skip
    writer = BlockWriter(archive.name, limits)
    TreeReader(writer, rules).read(root)
    facts = parse_xml(archive.read(_META), f"{archive.name}: {_META}") if _META in archive.names else root
    author = inner_text(find(facts, "initial-creator")) or inner_text(find(facts, "creator"))
    title = inner_text(find(facts, "title"))
    return Document(
        DocumentFormat.ODT, writer.chapters(), title, (author,) if author else (), inner_text(find(facts, "language"))
    )


def _level(element: Element) -> int:
    """The level of a heading, 1 for the highest; 0 for what is none."""
    level = attribute(element, "outline-level") if local_name(element) == "h" else "0"
    return int(level) if level.isdecimal() else 1
