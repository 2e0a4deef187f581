"""Tags of a book's files: what they state about the book, their chapters and their cover. Pure."""

from dataclasses import dataclass

JPEG, PNG = "image/jpeg", "image/png"
_SIGNATURES = {b"\xff\xd8\xff": JPEG, b"\x89PNG\r\n\x1a\n": PNG}


@dataclass(frozen=True, slots=True)
class ChapterMark:
    """A chapter of a file."""

    title: str
    start: int  #: samples from the beginning of the file
    end: int


@dataclass(frozen=True, slots=True)
class BookTags:
    """The facts that the tags of a file state; "", 0 and b"" are left out."""

    title: str = ""  #: of the book
    author: str = ""
    narrator: str = ""
    language: str = ""  #: BCP 47
    cover: bytes = b""  #: JPEG or PNG (`usable_cover`)
    chapter: str = ""  #: the title of the chapter, in a file that holds one
    track: int = 0  #: the number of the file among `n_tracks`, 1-based
    n_tracks: int = 0

    def metadata(self) -> dict[str, str]:
        """The tags by FFmpeg's names."""
        facts = {
            "title": self.chapter or self.title, "album": self.title, "artist": self.author,
            "album_artist": self.author, "composer": self.narrator, "genre": "Audiobook",
            "track": f"{self.track}/{self.n_tracks}" if self.track else "",
        }  # fmt: skip
        return {name: value for name, value in facts.items() if value}


def cover_type(image: bytes) -> str:
    """The media type of a cover that files can hold; "" for any other image."""
    return next((kind for signature, kind in _SIGNATURES.items() if image.startswith(signature)), "")


def cover_name(image: bytes) -> str:
    """The name of a cover as a file of its own; "" where there is none."""
    if not image:
        return ""
    return "cover.png" if cover_type(image) == PNG else "cover.jpg"
