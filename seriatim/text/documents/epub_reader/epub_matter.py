"""Front and back matter of an EPUB: pages that the book itself says are outside of its body.

A page says so by `epub:type` or `role`, the landmarks of version 3 and the guide of version 2 do for all pages.
"""

from collections.abc import Iterable, Mapping

from seriatim.text.documents.document import Matter
from seriatim.text.documents.epub_reader.epub_package import EpubPackage
from seriatim.text.documents.html_text import kinds
from seriatim.text.documents.xml_tree import Element, find, find_all, local_name, parse_xhtml
from seriatim.text.documents.zip_archive import ZipArchive, resolve_path

#: words of EPUB 3's structural semantics and of EPUB 2's guide
_FRONT = frozenset(
    [
        "frontmatter", "cover", "titlepage", "title-page", "halftitlepage", "halftitle", "copyright-page",
        "copyright", "dedication", "epigraph", "toc", "landmarks", "loi", "lot", "imprint", "imprimatur",
        "foreword", "preface", "seriespage",
    ]
)  # fmt: skip
_BACK = frozenset(
    [
        "backmatter", "appendix", "index", "glossary", "bibliography", "colophon", "afterword", "endnotes",
        "rearnotes", "notes", "credits", "acknowledgments", "acknowledgements",
    ]
)  # fmt: skip


def landmark_matter(archive: ZipArchive, package: EpubPackage) -> dict[str, Matter]:
    """The part of the book of each page that its landmarks or its guide names.

    Raises:
        BadInput: the table of contents cannot be parsed.
    """
    found: dict[str, Matter] = {}
    for path in package.contents:
        if path in archive.names:
            root = parse_xhtml(archive.read(path), f"{archive.name}: {path}")
            lists = [nav for nav in find_all(root, "nav") if "landmarks" in kinds(nav)]
            links = [(link.get("href", ""), kinds(link)) for nav in lists for link in find_all(nav, "a")]
            _note(found, ((resolve_path(path, href), words) for href, words in links))
    _note(found, ((path, {word}) for path, word in package.guide))
    return found


def page_matter(path: str, root: Element, landmarks: Mapping[str, Matter]) -> Matter:
    """The part of the book that a page belongs to."""
    body = find(root, "body")
    if body is None:
        return landmarks.get(path, Matter.BODY)
    sections = [child for child in body if local_name(child) in ("section", "article", "div", "main")]
    for element in (root, body, *(sections if len(sections) == 1 else ())):
        if matter := _matter(kinds(element)):
            return matter
    return landmarks.get(path, Matter.BODY)


def _matter(words: Iterable[str]) -> Matter:
    found = set(words)
    return Matter.FRONT if found & _FRONT else Matter.BACK if found & _BACK else Matter.BODY


def _note(found: dict[str, Matter], named: Iterable[tuple[str, Iterable[str]]]) -> None:
    for path, words in named:
        if matter := _matter(words):
            found.setdefault(path, matter)
