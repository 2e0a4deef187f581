"""A document: the text of a file in reading order, its chapters, and what the file says about itself."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from seriatim.text.markup import Markup


class DocumentFormat(StrEnum):
    """The formats that are read, each recognized by its content."""

    TEXT = "text"
    HTML = "html"
    EMAIL = "email"
    EPUB = "epub"
    FB2 = "fb2"
    DOCX = "docx"
    ODT = "odt"
    RTF = "rtf"
    PDF = "pdf"
    SUBTITLES = "subtitles"
    FOUNTAIN = "fountain"


class Matter(StrEnum):
    """The part of a book that a chapter belongs to, as the book says it."""

    BODY = ""
    FRONT = "front"  #: title page, copyright, dedication, contents, preface and the like
    BACK = "back"  #: appendix, notes, index, colophon and the like


class PartKind(StrEnum):
    """What a part of a text is, as the document says it."""

    TABLES = "tables"
    POEMS = "poems"
    QUOTATIONS = "quotations"  #: set apart as blocks, such as epigraphs


@dataclass(frozen=True, slots=True)
class TextPart:
    """Paragraphs of a chapter's text that may be left out."""

    kind: PartKind
    start: int
    end: int  #: with the empty line behind them


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of a document. The texts of all chapters, joined, are the document's text."""

    title: str  #: "" before the first chapter, and where nothing has a title
    text: str  #: with its heading; paragraphs have an empty line between them
    notes: str = ""  #: footnotes and endnotes, which are not part of the text; one paragraph each
    matter: Matter = Matter.BODY
    parts: tuple[TextPart, ...] = ()  #: of the text; they may be within one another

    def text_without(self, kinds: Collection[str]) -> str:
        """The text without the parts of these kinds."""
        kept, at = [], 0
        for part in sorted(self.parts, key=lambda part: part.start):
            if part.kind in kinds and part.end > at:
                kept.append(self.text[at : max(at, part.start)])
                at = part.end
        return "".join([*kept, self.text[at:]])


@dataclass(frozen=True, slots=True)
class Document:
    """A file as it is read aloud."""

    format: DocumentFormat
    chapters: tuple[Chapter, ...]
    title: str = ""
    authors: tuple[str, ...] = ()
    language: str = ""  #: BCP 47, as the file states it; "": it does not
    cover: bytes = b""  #: an image, as it is in the file; b"": it has none
    warning: str = ""  #: a line in ASCII about what the file lacks; "" if there is none
    markup: Markup = Markup.PLAIN  #: how its text is to be read where the caller leaves that open

    @property
    def text(self) -> str:
        """The whole text, without the notes."""
        return "".join(chapter.text for chapter in self.chapters)
