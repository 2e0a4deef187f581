"""The table of contents of an EPUB: the titles of its chapters, by the places where they start."""

from seriatim.text.documents.epub_reader.epub_package import EpubPackage
from seriatim.text.documents.html_text import kinds
from seriatim.text.documents.xml_tree import Element, find, find_all, inner_text, parse_xhtml
from seriatim.text.documents.zip_archive import ZipArchive, resolve_path

MAX_ENTRIES = 10_000  #: more entries than chapters of any book
_FEWEST_LINKS = 3  #: of a page that is a table of contents
_LINKED_SHARE = 0.7  #: of its text without headings, at least


def contents_titles(archive: ZipArchive, package: EpubPackage) -> dict[tuple[str, str], str]:
    """The title of each chapter by its file and the id where it starts; "" for the start of the file.

    Raises:
        BadInput: the table of contents cannot be parsed.
    """
    for path in package.contents:
        if path not in archive.names:
            continue
        root = parse_xhtml(archive.read(path), f"{archive.name}: {path}")
        links = _ncx_links(root) or _nav_links(root)
        titles: dict[tuple[str, str], str] = {}
        for reference, title in links[:MAX_ENTRIES]:
            place = (resolve_path(path, reference), reference.partition("#")[2])
            if title and place[0] in package.pages:
                titles.setdefault(place, title)
        if titles:
            return titles
    return {}


def _ncx_links(root: Element) -> list[tuple[str, str]]:
    links = []
    for point in find_all(root, "navpoint"):
        label, content = find(point, "navlabel"), find(point, "content")
        if content is not None:
            links.append((content.get("src", ""), inner_text(label)))
    return links


def _nav_links(root: Element) -> list[tuple[str, str]]:
    lists = [nav for nav in find_all(root, "nav") if "toc" in kinds(nav)] or list(find_all(root, "nav"))[:1]
    return [(link.get("href", ""), inner_text(link)) for nav in lists[:1] for link in find_all(nav, "a")]


def is_contents_page(root: Element) -> bool:
    """Is a page a table of contents: several links to other pages, and little else but a heading?"""
    links = [link for link in find_all(root, "a") if ":" not in link.get("href", ":").partition("#")[0]]
    if len(links) < _FEWEST_LINKS:
        return False
    headings = sum(len(inner_text(heading)) for heading in find_all(root, "h1", "h2", "h3", "title"))
    linked = sum(len(inner_text(link)) for link in links)
    return linked > _LINKED_SHARE * (len(inner_text(root)) - headings)
