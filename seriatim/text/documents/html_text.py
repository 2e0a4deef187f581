"""The text of HTML and XHTML: paragraphs, lines, rows of tables and chapters, without what is not for readers."""

import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from html import unescape
from itertools import islice

from seriatim.text.documents.block_writer import BlockWriter
from seriatim.text.documents.document import PartKind
from seriatim.text.documents.element_text.math_text import math_text
from seriatim.text.documents.element_text.page_marks import is_page_mark
from seriatim.text.documents.element_text.raised_text import raised_text
from seriatim.text.documents.xml_tree import Element, attribute, entity_text, find_all, inner_text, local_name, visit
from seriatim.text.markup import CodeMode
from seriatim.text.markup.html_tags import CELLS, HIDDEN, LINES, PARAGRAPHS, TWICE

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
#: what stands in a film or a recording is for programs that cannot play it
_SILENT = HIDDEN | {"rt", "rp", "video", "audio", "canvas"}
_ESCAPED_TWICE = re.compile(f"&{TWICE.pattern}")
#: words of `epub:type`, and the classes that Project Gutenberg, Standard Ebooks and others give to verse
_POEM_KINDS = frozenset({"z3998:poem", "z3998:verse", "z3998:song", "z3998:hymn"})
_POEM_CLASSES = frozenset({"poem", "poetry", "poetry-container", "verse", "stanza"})
_QUOTATION_KINDS = frozenset({"epigraph", "z3998:quotation"})
_FILE_NAME = re.compile(r"\S+\.(?:jpe?g|png|gif|svg|webp|bmp)", re.IGNORECASE)
_INVISIBLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ReadingRules:
    """Which elements start chapters, which are left out, and which are notes."""

    chapter_ids: Mapping[str, str] = field(default_factory=dict)  #: titles by the id where the chapter starts
    chapter_headings: Set[str] = frozenset()  #: headings that start a chapter with their own text as its title
    is_hidden: Callable[[Element], bool] = lambda _element: False
    is_note: Callable[[Element], bool] = lambda _element: False
    code: CodeMode = CodeMode.READ  #: what is said of `<pre>`


class HtmlReader:
    """Writes the text of a tree into a block writer."""

    def __init__(self, writer: BlockWriter, rules: ReadingRules) -> None:
        self._writer, self._rules = writer, rules
        self._preformatted = 0
        self._cells = 0  #: open cells of tables whose cells are no layout

    def read(self, root: Element) -> None:
        """Write all text below `root`.

        Raises:
            TextTooLarge: it is more than the limit.
        """
        visit(root, self._enter, self._leave, self._write)

    def _enter(self, element: Element) -> bool:
        """Begin an element; returns whether it has content to read."""
        name = local_name(element)
        if not name:
            self._write(entity_text(element) if hasattr(element, "name") else "")
            return False
        if name in _SILENT or is_invisible(element) or self._rules.is_hidden(element) or self._is_silent_code(name):
            return False
        if is_page_mark(element):
            return False
        self._begin_chapter(element, name)
        if self._rules.is_note(element):
            self._writer.begin_note()
        if name in ("img", "sup", "math"):
            return self._enter_special(element, name)
        self._begin(element, name)
        self._write(element.text)
        return True

    def _is_silent_code(self, name: str) -> bool:
        return name == "pre" and self._rules.code is CodeMode.SKIP

    def _begin_chapter(self, element: Element, name: str) -> None:
        title = self._rules.chapter_ids.get(element.get("id") or element.get("name") or "")
        if title is None and name in self._rules.chapter_headings:
            title = inner_text(element)
        if title is not None:
            self._writer.start_chapter(title)

    def _enter_special(self, element: Element, name: str) -> bool:
        text = inner_text(element)
        if name == "img":
            alt = element.get("alt", "").strip()
            is_letter = len(alt) == 1 and (element.tail or "")[:1].isalpha()  # a picture of a word's first letter
            self._write("" if _FILE_NAME.fullmatch(alt) else alt if is_letter else f" {alt} ")
            return False
        if name == "math":
            self._write(math_text(element))
            return False
        power = raised_text(text, self._writer.last_word())
        if power is not None:
            self._write(power)
            return False
        self._write(element.text)
        return True

    def _begin(self, element: Element, name: str) -> None:
        if name == "pre":
            self._preformatted += 1
        if name == "q":
            self._writer.write("“")
        if name in CELLS and not _is_layout(element):
            self._cells += 1
        else:
            self._end(name)
        if (kind := _part_kind(element, name)) and not self._cells:
            self._writer.begin_part(kind)

    def _leave(self, element: Element) -> None:
        name = local_name(element)
        self._preformatted -= name == "pre"
        if name == "q":
            self._writer.write("”")
        if name in CELLS and not _is_layout(element):
            self._cells -= 1
            self._writer.end_cell()
        elif name == "tr" and not self._cells:
            self._writer.end_row()
        else:
            self._end(name)
        if _part_kind(element, name) and not self._cells:
            self._writer.end_part()
        if self._rules.is_note(element):
            self._writer.end_note()

    def _end(self, name: str) -> None:
        if name not in PARAGRAPHS and name not in LINES:
            return
        if self._cells:
            self._writer.write(" ")
        elif name in PARAGRAPHS:
            self._writer.end_block()
        else:
            self._writer.end_line()

    def _write(self, text: str | None) -> None:
        if not text:
            return
        if not self._preformatted:
            self._writer.write(_ESCAPED_TWICE.sub(lambda entity: unescape(entity[0]), text))
            return
        for i, line in enumerate(text.split("\n")):
            if i:
                self._writer.end_line()
            self._writer.write(line)


def is_invisible(element: Element) -> bool:
    """Does an element say that no reader sees it?"""
    if "hidden" in element.attrib or element.get("aria-hidden") == "true":
        return True
    return bool(_INVISIBLE.search(element.get("style", "")))


def kinds(element: Element) -> frozenset[str]:
    """What an element says it is: the words of `epub:type` and of `role`, without the prefix `doc-`."""
    words = f"{attribute(element, 'type')} {element.get('role', '')}".lower().split()
    return frozenset(word.removeprefix("doc-") for word in words)


def first_heading(root: Element) -> str:
    """The text of the first heading; "" if there is none."""
    return next((text for heading in find_all(root, *HEADINGS) if (text := inner_text(heading))), "")


def _part_kind(element: Element, name: str) -> PartKind | None:
    """What a block is that may be left out; None: it is part of the text."""
    if name not in PARAGRAPHS:
        return None
    if name == "table":
        first = islice(find_all(element, "td", "th"), 4)  # a page in columns has few cells, and large ones
        return None if any(map(_is_layout, first)) else PartKind.TABLES
    if kinds(element) & _POEM_KINDS or _POEM_CLASSES & frozenset(element.get("class", "").lower().split()):
        return PartKind.POEMS
    is_quotation = name == "blockquote" or kinds(element) & _QUOTATION_KINDS
    return PartKind.QUOTATIONS if is_quotation else None


def _is_layout(cell: Element) -> bool:
    """Does a cell hold paragraphs, as in pages that use a table to arrange columns?"""
    return sum(1 for _ in find_all(cell, "p", "div", "table", "ul", "ol", "h1", "h2")) > 1
