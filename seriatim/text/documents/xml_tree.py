"""Trees of XML and HTML from untrusted bytes: no entity is expanded, no file and no address is opened."""

from collections.abc import Callable
from html.entities import html5
from typing import Any

from seriatim.errors import BadInput
from seriatim.text.documents.missing_package import required_package

Element = Any  #: lxml ships no types


def parse_xml(raw: bytes, name: str, *, lenient: bool = False) -> Element:
    """The root of an XML document; `lenient` repairs what is not well-formed.

    Raises:
        BadInput: it is no XML, declares entities of its own, or is nested too deeply.
    """
    etree = required_package("lxml.etree")
    safe = {
        "resolve_entities": False,
        "no_network": True,
        "load_dtd": False,
        "remove_comments": True,
        "remove_pis": True,
    }
    parser = etree.XMLParser(recover=lenient, **safe)
    try:
        root = etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise BadInput(f"{name} is no well-formed XML: {str(error).partition(', line')[0]}") from None
    _check(root, parser, name)
    return root


def parse_html(raw: bytes, name: str) -> Element:
    """The root of an HTML document, read as browsers do.

    Raises:
        BadInput: it is empty, or nested too deeply.
    """
    etree = required_package("lxml.etree")
    options: dict[str, Any] = {"remove_comments": True, "remove_pis": True, "no_network": True}
    if _is_utf8(raw):
        options["encoding"] = "utf-8"
    parser = etree.HTMLParser(**options)
    try:
        root = etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise BadInput(f"{name} is no HTML: {error}") from None
    _check(root, parser, name)
    return root


def parse_xhtml(raw: bytes, name: str) -> Element:
    """The root of an XHTML document, as XML where it is well-formed, as HTML otherwise.

    Raises:
        BadInput: it is neither, or declares entities of its own.
    """
    try:
        return parse_xml(raw, name)
    except BadInput:
        if b"<!ENTITY" in raw[:100_000]:
            raise
        return parse_html(raw, name)


def local_name(element: Element) -> str:
    """The name of an element without its namespace, in small letters; "" for an entity."""
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def entity_text(entity: Element) -> str:
    """The text that an entity reference stands for, if HTML knows it."""
    name = entity.name or ""
    return html5.get(f"{name};", "")


def attribute(element: Element, name: str) -> str:
    """An attribute by its local name, such as `type` for `epub:type`; "" if it is missing."""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return ""


def inner_text(element: Element | None) -> str:
    """All text of an element, on one line, with a space for each break of a line; "" for None."""
    if element is None:
        return ""
    if next(element.iter("{*}br"), None) is None:
        return " ".join("".join(element.itertext()).split())
    pieces = element.xpath(".//text() | .//*[local-name() = 'br']")
    return " ".join("".join(piece if isinstance(piece, str) else " " for piece in pieces).split())


def find(root: Element, name: str) -> Element | None:
    """The first element with that local name."""
    return next(find_all(root, name), None)


def find_all(root: Element, *names: str) -> Any:
    """The elements with one of those local names, in document order."""
    return (element for element in root.iter() if isinstance(element.tag, str) and local_name(element) in names)


def visit(
    root: Element, enter: Callable[[Element], bool], leave: Callable[[Element], None], tail: Callable[[str], None]
) -> None:
    """Visit `root` and all below it, in document order and without recursion.

    Args:
        root: its own tail is not visited.
        enter: is called before an element's children; returns whether they and the element's end are visited.
        leave: is called behind an element's children.
        tail: is called with the text behind an element; "" if there is none.
    """
    stack: list[tuple[Element, bool]] = [(root, False)]
    while stack:
        element, is_read = stack.pop()
        if is_read:
            leave(element)
        elif enter(element):
            stack.append((element, True))
            stack.extend((child, False) for child in reversed(element))
            continue
        if element is not root:
            tail(element.tail or "")


def _check(root: Element | None, parser: Any, name: str) -> None:
    if root is None:
        raise BadInput(f"{name} is empty")
    for entry in parser.error_log:
        if entry.type_name == "ERR_RESOURCE_LIMIT":
            raise BadInput(f"{name} exceeds a limit of the parser: {entry.message.partition(',')[0]}")
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):
        raise BadInput(f"{name} declares XML entities of its own, which are not read: they can expand without end")


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return True
