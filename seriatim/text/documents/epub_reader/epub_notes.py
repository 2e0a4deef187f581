"""Notes of an EPUB: the marks in the text that link to them, and the paragraphs that they are."""

import re

from seriatim.text.documents.html_text import kinds
from seriatim.text.documents.xml_tree import Element, find, find_all, inner_text, local_name
from seriatim.text.documents.zip_archive import resolve_path

NOTE_CHARS = 10_000  #: a longer paragraph is a chapter that something links to
_NOTE_KINDS = frozenset({"footnote", "footnotes", "endnote", "endnotes", "rearnote", "rearnotes", "note"})
_MARK = re.compile(r"[\[({]?\s*(?:\d{1,4}|[a-z]|[ivxlc]{1,6}|[*†‡§¶#]{1,4})\s*[\])}]?\.?", re.IGNORECASE)
_BRACKETED_MARK = re.compile(r"[\[({]\s*(?:\d{1,4}|[*†‡])\s*[\])}]")  #: also where it is not raised
_BLOCKS = frozenset({"p", "li", "aside", "div", "dd", "section", "td"})
_HOLDERS = frozenset({"li", "aside", "dd"})


class NoteLinks:
    """The targets of all marks of notes in a book."""

    def __init__(self) -> None:
        self._targets: dict[str, set[str]] = {}

    def collect(self, path: str, root: Element) -> None:
        """Collect the targets of the marks on a page."""
        for link in find_all(root, "a"):
            if self.is_mark(link):
                target, fragment = resolve_path(path, link.get("href")), link.get("href").partition("#")[2]
                self._targets.setdefault(target, set()).add(fragment)

    @staticmethod
    def is_mark(element: Element) -> bool:
        """Is an element a link from the text to a note?"""
        if local_name(element) != "a" or "#" not in element.get("href", ""):
            return False
        if "noteref" in kinds(element):
            return True
        parent = element.getparent()
        raised = find(element, "sup") is not None or (parent is not None and local_name(parent) == "sup")
        mark = _MARK if raised else _BRACKETED_MARK
        return mark.fullmatch(inner_text(element)) is not None

    def notes(self, path: str, root: Element) -> set[Element]:
        """The elements of a page that are notes."""
        found = {each for each in root.iter() if local_name(each) and kinds(each) & _NOTE_KINDS}
        targets = self._targets.get(path, set())
        for element in root.iter():
            key = (element.get("id") or element.get("name")) if local_name(element) else None
            note = _note_around(element) if key in targets else None
            if note is not None:
                found.add(note)
        return found


def _note_around(element: Element) -> Element | None:
    """The paragraph or list item that is the note with this target; None if the target is no note."""
    block = element
    while local_name(block) not in _BLOCKS:
        block = block.getparent()
        if block is None:
            return None
    parent = block.getparent()
    if parent is not None and local_name(parent) in _HOLDERS and parent[0] is block:
        block = parent
    text = inner_text(block)
    marks = [inner_text(link) for link in find_all(block, "a") if NoteLinks.is_mark(link)]
    if len(text) > NOTE_CHARS or any(not text.startswith(mark) for mark in marks):
        return None  # it has notes itself; the mark at the start of a note leads back to the text
    return block
