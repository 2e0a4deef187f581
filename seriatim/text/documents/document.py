"""A document: the text of a file in reading order, its chapters, and what the file says about itself."""

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


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of a document. The texts of all chapters, joined, are the document's text."""

    title: str  #: "" before the first chapter, and where nothing has a title
    text: str  #: with its heading; paragraphs have an empty line between them
    notes: str = ""  #: footnotes and endnotes, which are not part of the text; one paragraph each
    matter: Matter = Matter.BODY


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
