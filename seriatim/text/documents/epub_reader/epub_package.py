"""The package document of an EPUB: its title, authors, language and cover, and its pages in reading order."""

from dataclasses import dataclass

from seriatim.errors import BadInput
from seriatim.text.documents.xml_tree import Element, attribute, find, find_all, inner_text, parse_xml
from seriatim.text.documents.zip_archive import ZipArchive, resolve_path

PACKAGE_END = ".opf"  #: of the names of package documents
_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_LICENCES = ("META-INF/rights.xml", "META-INF/sinf.xml", "META-INF/license.lcpl")
_PAGE_TYPES = frozenset({"application/xhtml+xml", "text/html", "application/xml", "text/xml", "text/x-oeb1-document"})
#: of fonts: they are obfuscated and not protected
_FONT_ALGORITHMS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")


@dataclass(frozen=True, slots=True)
class EpubPackage:
    """The facts of a book. Paths are members of the archive."""

    title: str
    authors: tuple[str, ...]
    language: str
    pages: tuple[str, ...]  #: in reading order, each once
    contents: tuple[str, ...]  #: the navigation document of version 3, then the NCX of version 2, where they exist
    cover: str  #: "": none
    warning: str = ""  #: a line about what the book lacks
    guide: tuple[tuple[str, str], ...] = ()  #: of version 2: pages, and what each is, in small letters


def read_package(archive: ZipArchive) -> EpubPackage:
    """Read the package document.

    Raises:
        BadInput: the book is protected, or its package is damaged.
    """
    _refuse_protection(archive)
    path = _package_path(archive)
    root = parse_xml(archive.read(path), f"{archive.name}: {path}", lenient=True)
    items = {item.get("id", ""): item for item in find_all(root, "item")}
    hrefs = {key: resolve_path(path, item.get("href", "")) for key, item in items.items()}
    authors = [inner_text(creator) for creator in find_all(root, "creator")]
    return EpubPackage(
        inner_text(find(root, "title")),
        tuple(author for author in authors if author),
        inner_text(find(root, "language")),
        _pages(root, items, hrefs),
        _contents(root, items, hrefs),
        _cover(root, items, hrefs),
        "" if archive.contains(_CONTAINER) else f"the book lacks {_CONTAINER}; its package {path!a:.120} is read",
        _guide(root, path),
    )


def _package_path(archive: ZipArchive) -> str:
    """The package document: what the container names, or without one the package nearest to the root.

    Raises:
        BadInput: there is none.
    """
    if not archive.contains(_CONTAINER):
        packages = [name for name in archive.names if name.lower().endswith(PACKAGE_END)]
        if not packages:
            raise archive.missing(_CONTAINER)
        return min(packages, key=lambda name: (name.count("/"), name))
    rootfile = find(parse_xml(archive.read(_CONTAINER), f"{archive.name}: {_CONTAINER}"), "rootfile")
    path = resolve_path("", rootfile.get("full-path", "")) if rootfile is not None else ""
    if not path:
        raise BadInput(f"{archive.name}: {_CONTAINER} names no package; is the book complete?")
    return path


def _refuse_protection(archive: ZipArchive) -> None:
    protected = any(licence in archive.names for licence in _LICENCES)
    if _ENCRYPTION in archive.names:
        root = parse_xml(archive.read(_ENCRYPTION), f"{archive.name}: {_ENCRYPTION}", lenient=True)
        methods = [method.get("Algorithm", "") for method in find_all(root, "encryptionmethod")]
        protected = protected or any(method not in _FONT_ALGORITHMS for method in methods)
    if protected:
        raise BadInput(f"{archive.name} is protected against copying (DRM), and cannot be read here")


def _pages(root: Element, items: dict[str, Element], hrefs: dict[str, str]) -> tuple[str, ...]:
    """The pages of the spine; the table of contents is none, and no page is read twice."""
    pages = dict[str, None]()
    for reference in find_all(root, "itemref"):
        key = reference.get("idref", "")
        item = items.get(key)
        if item is None or "nav" in item.get("properties", "").split():
            continue
        if item.get("media-type", "").lower() in _PAGE_TYPES:
            pages[hrefs[key]] = None
    if not pages:
        raise BadInput("the book lists no pages in its spine; is it complete?")
    return tuple(pages)


def _contents(root: Element, items: dict[str, Element], hrefs: dict[str, str]) -> tuple[str, ...]:
    found = [hrefs[key] for key, item in items.items() if "nav" in item.get("properties", "").split()]
    spine = find(root, "spine")
    ncx = spine.get("toc", "") if spine is not None else ""
    found += [hrefs[ncx]] if ncx in hrefs else []
    found += [hrefs[key] for key, item in items.items() if item.get("media-type") == "application/x-dtbncx+xml"]
    return tuple(dict.fromkeys(found))


def _guide(root: Element, path: str) -> tuple[tuple[str, str], ...]:
    guide = find(root, "guide")
    references = find_all(guide, "reference") if guide is not None else ()
    return tuple((resolve_path(path, each.get("href", "")), each.get("type", "").lower()) for each in references)


def _cover(root: Element, items: dict[str, Element], hrefs: dict[str, str]) -> str:
    keys = [key for key, item in items.items() if "cover-image" in item.get("properties", "").split()]
    keys += [meta.get("content", "") for meta in find_all(root, "meta") if meta.get("name") == "cover"]
    for key in keys:
        item = items.get(key)
        if item is not None and attribute(item, "media-type").startswith("image/"):
            return hrefs[key]
    return ""
