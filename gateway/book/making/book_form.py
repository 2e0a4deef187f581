"""The form of a book: its files, and what is done with the audio for them."""

from dataclasses import dataclass

from gateway.book.book_output import BookOutput


@dataclass(frozen=True, slots=True)
class BookForm:
    """The form in which a book is written."""

    output: BookOutput
    narrator: str  #: of its tags
    loudness_lufs: float | None = None  #: None: as it was spoken
    room_tone_db: float | None = None  #: None: without
