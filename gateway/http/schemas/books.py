"""Books in requests and responses: what a client may choose, and how far a book is."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from gateway.book.book_formats import (
    BOOK_FORMATS,
    CAPTION_FORMATS,
    CHAPTER_FILES,
    EXCLUDABLE,
    INCLUDABLE,
    LOUDNESS_LUFS,
    MP4_CODECS,
    MP4_FORMATS,
    ONE_FILE,
    ROOM_TONE_DB,
)
from gateway.http.context import GatewayContext
from gateway.http.schemas.field_types import AnyCase, Number, Title
from gateway.http.schemas.requests import SpeechOptions

MOST_CORRECTIONS = 1_000  #: in one request


def _split(value: Any) -> Any:
    """The items of a list that a form or a query string has with commas between; other values as they are."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Items = BeforeValidator(_split)
Format = Annotated[Literal[BOOK_FORMATS], AnyCase]  # type: ignore[valid-type]  # from the table of formats
Codec = Annotated[Literal[MP4_CODECS], AnyCase]  # type: ignore[valid-type]  # likewise
Captions = Annotated[list[Literal[CAPTION_FORMATS]], Items]  # type: ignore[valid-type]  # likewise
Include = Annotated[list[Literal[INCLUDABLE]], Items]  # type: ignore[valid-type]  # likewise
Exclude = Annotated[list[Literal[EXCLUDABLE]], Items]  # type: ignore[valid-type]  # likewise
Loudness = Annotated[Number, Field(ge=LOUDNESS_LUFS[0], le=LOUDNESS_LUFS[1])]
RoomTone = Annotated[Number, Field(ge=ROOM_TONE_DB[0], le=ROOM_TONE_DB[1])]


class BookBody(SpeechOptions):
    """A book: a document or a text, how it is spoken, and the files that are made of it."""

    model_config = ConfigDict(extra="forbid")

    input: str | None = Field(None, description="the text, where there is no document")
    title: Title | None = Field(None, description="of the book; default: the document's")
    layout: Annotated[Literal["book", "chapters"], AnyCase] = Field(
        "book", description="book: one file with chapters; chapters: a file for each chapter, and the cover"
    )
    format: Format | None = Field(None, description="of the files; default: m4b, and mp3 of chapters")
    captions: Captions = Field([], description="formats of captions beside each file")
    loudness: Loudness | None = Field(None, description="of the book, in LUFS; default: as it was spoken")
    room_tone: RoomTone | None = Field(None, description="level of a soft noise under the book, in dBFS; default: none")
    webhook: str | None = Field(
        None, max_length=2_000, description="an https URL that a signed message is posted to when the book has ended"
    )
    codec: Codec | None = Field(None, description="of M4B and M4A files; default: aac")
    chapter_voices: Annotated[list[str], Items] = Field(
        [], max_length=1_000, description="narrators of chapters, such as 3=alto,5-7=bass; default: the voice"
    )
    chapters: str = Field("", max_length=1_000, description="numbers of chapters, such as 1-3,7,9-; default: all")
    include: Include = Field([], description="parts of the document that are spoken, too")
    exclude: Exclude = Field([], description="parts that are left out, as far as the document names them")

    @model_validator(mode="after")
    def _check_format(self) -> "BookBody":
        """Refuse a format that the layout cannot have."""
        known = ONE_FILE if self.layout == "book" else CHAPTER_FILES
        if self.format and self.format not in known:
            allowed = ", ".join(name for name in BOOK_FORMATS if name in known)
            raise ValueError(f"format {self.format} of layout {self.layout}: expected one of {allowed}")
        if self.codec and self.format_name not in MP4_FORMATS:
            raise ValueError(f"codec: it is for {' and '.join(MP4_FORMATS)}, not for {self.format_name}")
        if self.captions and self.format == "epub":
            raise ValueError("captions: an EPUB has its text with its times inside")
        return self

    @property
    def format_name(self) -> str:
        """The format, with the default resolved."""
        return self.format or (BOOK_FORMATS[0] if self.layout == "book" else CHAPTER_FILES[0])

    def spoken_text(self, _context: GatewayContext) -> str | None:
        """The text; that of a document comes later."""
        return self.input or None


class CorrectionBody(BaseModel):
    """A sentence of a book that is to be spoken again."""

    model_config = ConfigDict(extra="forbid")

    sentence: str = Field(max_length=16, description="its chapter and its number in it, both from 1, such as 2.14")
    text: str = Field("", max_length=10_000, description="spoken instead")
    again: bool = Field(False, description="speak the same text with another seed")


class CorrectionsBody(BaseModel):
    """Sentences of a book that are to be spoken again."""

    model_config = ConfigDict(extra="forbid")

    corrections: list[CorrectionBody] = Field(min_length=1, max_length=MOST_CORRECTIONS)


class BookChangeBody(BaseModel):
    """A change of a book after it was sent."""

    model_config = ConfigDict(extra="forbid")

    chapter_voices: Annotated[list[str], Items] = Field(
        min_length=1, max_length=1_000, description="narrators of chapters, such as 3=alto,5-7=bass; 3= for the book's"
    )


class BookCost(BaseModel):
    """The price of the characters that engines are sent, about: what a cache has costs nothing, a retry more."""

    spent: float  #: of what is spoken
    whole: float  #: of all of the book
    currency: str  #: as SERIATIM_POOL_PRICES names it; "" if it names none


class PlannedChapterCard(BaseModel):
    """A chapter as it would be spoken."""

    number: int  #: 1-based, in the document
    title: str
    words: int
    estimated_s: float  #: duration of its speech
    matter: str  #: front or back: outside the body, as the document says; "": of the body
    voice: str = ""  #: of its narrator; "": that of the book


class BookPlanCard(BaseModel):
    """What would be spoken of a document."""

    object: Literal["book.plan"] = "book.plan"
    title: str
    authors: list[str]
    language: str  #: BCP 47, as the document states it; "": it does not
    model: str  #: the pool
    voice: str  #: "": the pool's first
    cover: bool
    characters: int
    estimated_s: float
    cost: BookCost | None = None  #: None: no price of the pool is known
    warnings: list[str]
    chapters: list[PlannedChapterCard]
    speakers: list[dict[str, Any]] = []  #: of a dialogue, as `seriatim book --plan` lists them


class BookChapterCard(PlannedChapterCard):
    """A chapter of a book, and how far it is."""

    state: Literal["waiting", "speaking", "spoken"]
    part: float  #: that is spoken, 0..1
    audio_s: float | None  #: its duration; None: it is not spoken yet
    sentences: int | None  #: likewise
    corrections: int  #: that were made of its sentences
    has_audio: bool  #: a version of it is spoken, perhaps without the latest corrections


class BookFileCard(BaseModel):
    """A file of a book, at /v1/books/{id}/files/{name}."""

    name: str
    bytes: int
    type: str  #: its media type


class BookCard(BaseModel):
    """The state of a book."""

    id: str
    object: Literal["book"] = "book"
    state: Literal["waiting", "speaking", "writing", "done", "failed"]
    reason: str  #: why it failed, or what it waits for; "": nothing
    title: str
    authors: list[str]
    language: str
    model: str
    voice: str
    layout: str
    format: str
    created: float  #: time of acceptance in s since 1970
    characters: int
    part: float  #: that is spoken, 0..1
    estimated_s: float  #: duration of the book: of what is spoken, and estimated of the rest
    left_s: float | None  #: until all is spoken, at the speed so far; None: unknown, or nothing is spoken now
    times_real_time: float | None  #: seconds of audio per second; None: nothing is spoken now
    cost: BookCost | None = None  #: None: no price of the pool is known
    warnings: list[str]
    gaps: list[str]  #: sentences of which all or the rest is missing, and the reason
    chapters: list[BookChapterCard]
    files: list[BookFileCard]


class BookList(BaseModel):
    """The caller's books, newest first."""

    object: Literal["list"] = "list"
    data: list[BookCard]


class BookSentence(BaseModel):
    """A sentence of a chapter, with its times in the chapter."""

    sentence: str  #: its address, such as 2.14
    text: str  #: as it was spoken
    start_s: float
    end_s: float
    paragraph: bool  #: it begins a paragraph
    corrected: bool  #: a correction of it is spoken
    waiting: bool  #: a correction of it is not spoken yet


class DoubtfulSentence(BookSentence):
    """A sentence that may be spoken badly."""

    chapter: int  #: its number
    doubts: list[str]  #: the reasons, such as "short: 0.4 s instead of about 1.9 s"


class BookDoubts(BaseModel):
    """The sentences of a book to check."""

    object: Literal["list"] = "list"
    data: list[DoubtfulSentence]
    unmeasured: list[int]  #: numbers of chapters that are being measured: ask again
    unspoken: list[int]  #: numbers of chapters that are not spoken yet


class BookChapterText(BaseModel):
    """A chapter that is spoken, sentence by sentence."""

    number: int
    title: str
    version: str  #: of its audio, which another one replaces after a correction
    audio_s: float
    sentences: list[BookSentence]
