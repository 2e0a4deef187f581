"""An EPUB book, version 2 or 3: its chapters in reading order, with their notes apart."""

from collections.abc import Iterator
from dataclasses import replace

from seriatim.text.documents.block_writer import BlockWriter
from seriatim.text.documents.document import Document, DocumentFormat
from seriatim.text.documents.document_limits import COVER_BYTES, DocumentLimits
from seriatim.text.documents.epub_reader.epub_contents import contents_titles, is_contents_page
from seriatim.text.documents.epub_reader.epub_matter import landmark_matter, page_matter
from seriatim.text.documents.epub_reader.epub_notes import NoteLinks
from seriatim.text.documents.epub_reader.epub_package import EpubPackage, read_package
from seriatim.text.documents.html_text import HtmlReader, ReadingRules, first_heading, kinds
from seriatim.text.documents.xml_tree import Element, parse_xhtml
from seriatim.text.documents.zip_archive import ZipArchive
from seriatim.text.markup import CodeMode

_PAGE_BREAK = "pagebreak"


def read_epub(archive: ZipArchive, limits: DocumentLimits, code: CodeMode = CodeMode.READ) -> Document:
    """Read a book; `code`: what is said of its blocks of code.

    Raises:
        BadInput: it is protected or damaged, or exceeds a limit.
        TextTooLarge: it has more text than a job may have.
    """
    package = _with_pages(read_package(archive), archive)
    titles = contents_titles(archive, package)
    links = NoteLinks()
    base = ReadingRules(is_hidden=lambda element: _is_silent(element, links), code=code)
    for path, root in _pages(archive, package):
        links.collect(path, root)
    writer, landmarks = BlockWriter(archive.name, limits), landmark_matter(archive, package)
    for path, root in _pages(archive, package):
        writer.enter(page_matter(path, root, landmarks))
        notes = links.notes(path, root)
        rules = replace(base, is_note=notes.__contains__)
        _read_page(writer, path, root, titles, rules)
    chapters = writer.chapters()
    cover = (archive.read_at_most(package.cover, COVER_BYTES) or b"") if package.cover in archive.names else b""
    return Document(
        DocumentFormat.EPUB, chapters, package.title, package.authors, package.language, cover, package.warning
    )


def _with_pages(package: EpubPackage, archive: ZipArchive) -> EpubPackage:
    """The package with the pages that the archive contains, and a line about the others.

    Raises:
        BadInput: it contains none of them.
    """
    missing = [path for path in package.pages if not archive.contains(path)]
    if not missing:
        return package
    pages = tuple(path for path in package.pages if path not in missing)
    if not pages:
        raise archive.missing(missing[0])
    more = f" and {len(missing) - 1} more pages" if len(missing) > 1 else ""
    lost = f"the book lacks its page {missing[0]!a:.120}{more}; the rest is read (is the download complete?)"
    return replace(package, pages=pages, warning="; ".join(filter(None, [package.warning, lost])))


def _read_page(
    writer: BlockWriter, path: str, root: Element, titles: dict[tuple[str, str], str], rules: ReadingRules
) -> None:
    starts = {fragment: title for (file, fragment), title in titles.items() if file == path}
    if "" in starts:
        writer.start_chapter(starts.pop(""))
    elif not titles and (heading := first_heading(root)):
        writer.start_chapter(heading)
    writer.end_block()
    HtmlReader(writer, replace(rules, chapter_ids=starts)).read(root)
    writer.end_block()


def _pages(archive: ZipArchive, package: EpubPackage) -> Iterator[tuple[str, Element]]:
    """The paths and trees of all pages in reading order, one in memory at a time."""
    for path in package.pages:
        raw = archive.read(path)
        if raw.strip():
            root = parse_xhtml(raw, f"{archive.name}: {path}")
            if len(package.pages) == 1 or not is_contents_page(root):
                yield path, root


def _is_silent(element: Element, links: NoteLinks) -> bool:
    return _PAGE_BREAK in kinds(element) or links.is_mark(element)
