"""A page of HTML: its main content, without navigation, forms and footers, and what its head says."""

import re

from seriatim.text.documents.block_writer import BlockWriter
from seriatim.text.documents.document import Document, DocumentFormat
from seriatim.text.documents.document_limits import DocumentLimits
from seriatim.text.documents.html_text import HtmlReader, ReadingRules, kinds
from seriatim.text.documents.text_encoding import decode_text
from seriatim.text.documents.xml_tree import Element, attribute, find, find_all, inner_text, local_name, parse_html
from seriatim.text.markup import CodeMode

_CHARSET = re.compile(rb"charset\s*=|<\?xml[^>]{1,100}encoding", re.IGNORECASE)
_ASIDE = frozenset({"nav", "aside", "form", "button", "select", "textarea", "dialog", "menu"})
_ASIDE_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "complementary", "dialog", "menu", "alert"})
_FRAME = frozenset({"header", "footer"})
_SECTIONS = frozenset({"article", "main", "section", "blockquote"})


def read_web_page(raw: bytes, name: str, limits: DocumentLimits, code: CodeMode = CodeMode.READ) -> Document:
    """Read a page of HTML; `code`: what is said of its blocks of code.

    The main content is `<main>`, or a single `<article>`; else all of the page but navigation, forms and the like.

    Raises:
        BadInput: it cannot be parsed.
        TextTooLarge: it has more text than a job may have.
    """
    root = parse_html(_with_known_encoding(raw, name), name)
    writer = BlockWriter(name, limits)
    rules = ReadingRules(chapter_headings=frozenset({"h1", "h2"}), is_hidden=_is_frame, code=code)
    HtmlReader(writer, rules).read(_main_content(root))
    chapters = writer.chapters()
    if not chapters:  # all of it is in what looked like a frame
        writer = BlockWriter(name, limits)
        HtmlReader(writer, ReadingRules(code=code)).read(_body(root))
        chapters = writer.chapters()
    authors = (_meta(root, "author"),) if _meta(root, "author") else ()
    title = _meta(root, "og:title") or inner_text(find(root, "title"))
    return Document(DocumentFormat.HTML, chapters, title, authors, root.get("lang") or attribute(root, "lang"))


def _main_content(root: Element) -> Element:
    for candidates in (
        [each for each in root.iter() if local_name(each) == "main" or "main" in kinds(each)],
        list(find_all(root, "article")),
    ):
        if len(candidates) == 1:
            return candidates[0]
    return _body(root)


def _body(root: Element) -> Element:
    body = find(root, "body")
    return root if body is None else body


def _is_frame(element: Element) -> bool:
    """Is an element around the content rather than part of it?"""
    name = local_name(element)
    if name in _ASIDE or kinds(element) & _ASIDE_ROLES:
        return True
    return name in _FRAME and not any(local_name(outer) in _SECTIONS for outer in element.iterancestors())


def _meta(root: Element, name: str) -> str:
    for meta in find_all(root, "meta"):
        if name in (meta.get("name", "").lower(), meta.get("property", "").lower()):
            return " ".join(meta.get("content", "").split())
    return ""


def _with_known_encoding(raw: bytes, name: str) -> bytes:
    """The page in UTF-8, if it does not say itself in which encoding it is."""
    return raw if _CHARSET.search(raw, 0, 4096) else decode_text(raw, name).encode("utf-8", "replace")
