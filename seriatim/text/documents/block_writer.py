"""A block writer puts the text of a document together: paragraphs, lines within them, chapters.

An empty line ends a paragraph. Two spaces before a line end mean that the line ends there, however long it is
(`Markup.PLAIN`); within a line, every run of white space is one space.
"""

import re

from seriatim.text.documents.document import Chapter, Matter, PartKind, TextPart
from seriatim.text.documents.document_limits import DocumentLimits

#: behind a letter, so that a dash stays
_PARTED = re.compile(r"[^\W\d_][-\xad\u2010]\Z")
HARD_END = "  \n"
_BETWEEN = "\n\n"


class BlockWriter:
    """Collects text; not for use by two threads at once."""

    def __init__(self, name: str, limits: DocumentLimits) -> None:
        self._name, self._limits = name, limits
        self._n_bytes = 0
        self._outer: list[tuple[list[str], list[str]]] = []  # what stands around the open notes
        self._line: list[str] = []
        self._lines: list[str] = []
        self._blocks: list[str] = []
        self._n_chars = 0  # of the blocks, each with the empty line behind it
        self._open: list[tuple[PartKind, int]] = []  # parts that have begun, and where
        self._parts: list[TextPart] = []
        self._notes: list[str] = []
        self._title = ""
        self._matter = Matter.BODY
        self._chapters: list[Chapter] = []

    def write(self, text: str) -> None:
        """Add text to the current line.

        Raises:
            TextTooLarge: the document has more text than a job may have.
        """
        self._n_bytes += len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
        self._limits.check_text(self._n_bytes, self._name)
        self._line.append(text)

    def write_wrapped(self, line: str) -> None:
        """Add a line of a wrapped paragraph; a hyphen at the end of the line above joins a word before a small letter.

        Raises:
            TextTooLarge: as `write`.
        """
        above = self._line[-1] if self._line else ""
        if _PARTED.search(above):
            self._line[-1] = above[:-1] if line[:1].islower() or above[-1] == "\xad" else above
        elif above:
            self._line.append(" ")
        self.write(line)

    def end_line(self) -> None:
        """End the current line, as between two verses; nothing if it is empty."""
        line = " ".join("".join(self._line).split())
        self._line.clear()
        if line:
            self._lines.append(line)

    def end_cell(self) -> None:
        """End a cell of a table: what follows in this row has a comma before it."""
        text = "".join(self._line).rstrip()
        if text:
            joint = ", " if text[-1].isalnum() or text[-1] in ")]”’\"'%" else " "
            self._line[:] = [text + joint]

    def end_row(self) -> None:
        """End a row of a table."""
        text = "".join(self._line).rstrip()
        self._line[:] = [text.removesuffix(",")]
        self.end_line()

    def end_block(self) -> None:
        """End the current paragraph; nothing if it is empty."""
        self.end_line()
        if self._lines:
            block = HARD_END.join(self._lines)
            (self._notes if self._outer else self._blocks).append(block)
            self._n_chars += 0 if self._outer else len(block) + len(_BETWEEN)
            self._lines.clear()

    def begin_part(self, kind: PartKind) -> None:
        """Begin paragraphs of a kind, up to `end_part`; a note has no parts."""
        self.end_block()
        self._open.append((kind, self._n_chars))

    def end_part(self) -> None:
        """End the paragraphs of the kind that began last."""
        self.end_block()
        kind, start = self._open.pop()
        if self._n_chars > start:
            self._parts.append(TextPart(kind, start, self._n_chars))

    def begin_note(self) -> None:
        """Begin a note: what is written up to `end_note` stands beside the chapter, also in the middle of a line."""
        self._outer.append((self._line, self._lines))
        self._line, self._lines = [], []

    def end_note(self) -> None:
        """End a note, and go on with the text around it."""
        self.end_block()
        self._line, self._lines = self._outer.pop()

    def last_word(self) -> str:
        """The end of what is written of the current line, up to 40 characters, from its last white space on."""
        end = "".join(self._line[-4:])[-40:]
        return "" if not end or end[-1].isspace() else end.split()[-1]

    def enter(self, matter: Matter) -> None:
        """Go on in this part of the book: a chapter of another one ends here."""
        if matter is not self._matter:
            self.start_chapter("")
            self._matter = matter

    def start_chapter(self, title: str) -> None:
        """End the current chapter and start another."""
        self.end_block()
        if self._blocks or self._notes:
            text = _BETWEEN.join(self._blocks) + _BETWEEN if self._blocks else ""
            goes_on = (TextPart(kind, start, self._n_chars) for kind, start in self._open if start < self._n_chars)
            parts = (*self._parts, *goes_on)
            self._chapters.append(Chapter(self._title, text, _BETWEEN.join(self._notes), self._matter, parts))
            self._blocks, self._notes, self._parts, self._n_chars = [], [], [], 0
            self._open = [(kind, 0) for kind, _ in self._open]  # they go on in the next chapter
        self._title = " ".join(title.split())

    def chapters(self) -> tuple[Chapter, ...]:
        """All chapters, once everything is written."""
        self.start_chapter("")
        return tuple(self._chapters)
