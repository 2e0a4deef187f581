"""The text of an XML document in which the names of elements say what they are: DOCX, ODT and FB2."""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field

from seriatim.text.documents.block_writer import BlockWriter
from seriatim.text.documents.document import PartKind
from seriatim.text.documents.element_text.raised_text import raised_text
from seriatim.text.documents.xml_tree import Element, entity_text, inner_text, local_name, visit


@dataclass(frozen=True, slots=True)
class TreeRules:
    """What elements are, by their local names in small letters."""

    blocks: Set[str]
    lines: Set[str] = frozenset()
    breaks: Set[str] = frozenset()  #: elements that end a line where they stand
    rows: Set[str] = frozenset()
    cells: Set[str] = frozenset()
    hidden: Set[str] = frozenset()
    notes: Set[str] = frozenset()
    parts: Mapping[str, PartKind] = field(default_factory=dict)  #: blocks that may be left out
    characters: Mapping[str, str] = field(default_factory=dict)  #: elements that stand for a text
    text_elements: Set[str] = frozenset()  #: the only ones that hold text; empty: all
    is_hidden: Callable[[Element], bool] = lambda _element: False
    chapter_title: Callable[[Element], str | None] = lambda _element: None  #: of the chapter that starts here
    is_raised: Callable[[Element], bool] = lambda _element: False
    joins_next: Callable[[Element], bool] = lambda _element: False  #: does the next block go on in its line?
    note_of: Callable[[Element], Element | None] = lambda _element: None  #: the note that a reference stands for


class TreeReader:
    """Writes the text of a tree into a block writer."""

    def __init__(self, writer: BlockWriter, rules: TreeRules) -> None:
        self._writer, self._rules = writer, rules
        self._cells = 0
        self._joins = False  #: does the next block go on in the line of the last one?

    def read(self, root: Element) -> None:
        """Write all text below `root`.

        Raises:
            TextTooLarge: it is more than the limit.
        """
        visit(root, self._enter, self._leave, self._write_tail)

    def _enter(self, element: Element) -> bool:
        """Begin an element; returns whether it has content to read."""
        name, rules = local_name(element), self._rules
        if not name:
            self._writer.write(entity_text(element) if hasattr(element, "name") else "")
            return False
        if name in rules.hidden or rules.is_hidden(element) or name in rules.characters:
            self._writer.write(rules.characters.get(name, ""))
            return False
        if rules.is_raised(element) and self._write_raised(element):
            return False
        note = rules.note_of(element)
        if note is not None:
            self._read_note(note)
            return False
        title = rules.chapter_title(element)
        if title is not None:
            self._writer.start_chapter(title)
        self._begin(name)
        if not rules.text_elements or name in rules.text_elements:
            self._writer.write(element.text or "")
        return True

    def _write_raised(self, element: Element) -> bool:
        """Write a raised number; returns whether it is one."""
        power = raised_text(inner_text(element), self._writer.last_word())
        self._writer.write(power or "")
        return power is not None

    def _read_note(self, note: Element) -> None:
        self._writer.begin_note()
        TreeReader(self._writer, self._rules).read(note)
        self._writer.end_note()

    def _begin(self, name: str) -> None:
        if name in self._rules.notes:
            self._writer.begin_note()
        elif name in self._rules.cells:
            self._cells += 1
        elif name in self._rules.blocks or name in self._rules.lines or name in self._rules.breaks:
            if not self._joins:
                self._end(name)
            self._joins = False
        if name in self._rules.parts and not self._cells:
            self._writer.begin_part(self._rules.parts[name])

    def _write_tail(self, text: str) -> None:
        if not self._rules.text_elements:
            self._writer.write(text)

    def _leave(self, element: Element) -> None:
        name, rules = local_name(element), self._rules
        if name in rules.notes:
            self._writer.end_note()
        elif name in rules.cells:
            self._cells -= 1
            self._writer.end_cell()
        elif name in rules.rows and not self._cells:
            self._writer.end_row()
        elif rules.joins_next(element):
            self._joins = True
        elif name in rules.blocks or name in rules.lines:
            self._end(name)
        if name in rules.parts and not self._cells:
            self._writer.end_part()

    def _end(self, name: str) -> None:
        if self._cells:
            self._writer.write(" ")
        elif name in self._rules.blocks:
            self._writer.end_block()
        else:
            self._writer.end_line()
