"""The output of a book, as its command names it: one file with chapters, or a folder with a file for each chapter."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path
from typing import Self

from gateway.book.book_formats import BOOK_FORMATS, CHAPTER_FILES, MP4_CODECS, MP4_FORMATS, ONE_FILE
from gateway.book.book_plan import BookPlan
from gateway.book.book_project import SUFFIX
from seriatim.errors import BadInput, UnknownFormat

NAME_BYTES = 160  #: of a file's name without number and ending: file systems allow 255 for all
_FORBIDDEN = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f]+')  # of Windows, too: a library may be on a network share


class OutputKind(Enum):
    """The shapes of an output."""

    ONE_FILE = auto()
    CHAPTERS = auto()  #: a folder with a file for each chapter
    LIBRARY = auto()  #: the same in `Author/Title` below the folder of a library


@dataclass(frozen=True, slots=True)
class BookOutput:
    """The output of a book."""

    path: Path
    format_name: str  #: of `BOOK_FORMATS`
    kind: OutputKind
    captions: tuple[str, ...] = ()  #: formats of the captions beside each file
    podcast: str = ""  #: the address of a folder as a podcast, with a slash at its end; "": it is none
    codec: str = ""  #: of an MP4 file: of `MP4_CODECS`; "": that of the format

    @property
    def encoding(self) -> str:
        """The format with its codec, as `seriatim.audio.audiobook_file` names it."""
        return f"{self.format_name}-{self.codec}" if self.codec not in ("", MP4_CODECS[0]) else self.format_name

    def book_folder(self, plan: BookPlan) -> Path:
        """The folder of the files of chapters."""
        if self.kind is OutputKind.LIBRARY:
            return self.path / safe_name(plan.author or "Unknown author") / safe_name(plan.title)
        return self.path

    def caption_path(self, format_name: str) -> Path:
        """The captions beside the one file of a book."""
        return self.path.with_suffix(f".{format_name}")

    def with_codec(self, codec: str) -> Self:
        """The output with a codec, of `MP4_CODECS`, or "" for that of its format.

        Raises:
            BadInput: the format has one codec only.
        """
        if codec and self.format_name not in MP4_FORMATS:
            raise BadInput(f"--codec {codec} is for {' and '.join(MP4_FORMATS)}, not for {self.format_name}; omit it")
        return replace(self, codec=codec)

    def with_companions(self, captions: Sequence[str], podcast: str) -> Self:
        """The output with captions in these formats, and as a podcast at this address.

        Raises:
            BadInput: the output cannot have them.
        """
        if captions and self.format_name == "epub":
            raise BadInput("an EPUB has its text with its times inside; omit --captions")
        if podcast and self.kind is OutputKind.ONE_FILE:
            raise BadInput(f"a podcast has a file for each chapter; name a folder with -o, such as {self.path.stem}/")
        address = podcast if not podcast or podcast.endswith("/") else f"{podcast}/"
        return replace(self, captions=tuple(dict.fromkeys(captions)), podcast=address)

    def project_folder(self, plan: BookPlan) -> Path:
        """The folder of the project, beside the output; that of a library has one for each book."""
        path = self.path.resolve()
        projects = path.with_name(path.name + SUFFIX)
        if self.kind is OutputKind.LIBRARY:
            return projects / safe_name(f"{plan.author} - {plan.title}")
        return projects


def parse_output(source: str, output: str, format_name: str | None, *, library: bool = False) -> BookOutput:
    """The output that `-o OUT`, `--format` and `--library` name together for a document.

    Raises:
        UnknownFormat: the ending names no format of books, or another one than `--format`.
        BadInput: a library is no folder.
    """
    if not output:
        in_one = format_name in (None, "m4b", "epub") and not library
        output = str(Path(source).with_suffix(f".{format_name or 'm4b'}" if in_one else ""))
    path = Path(output)
    ending = path.suffix.lower().lstrip(".")
    is_folder = library or output.endswith("/") or path.is_dir() or (ending not in BOOK_FORMATS and bool(format_name))
    if is_folder or not ending:
        return _folder(path, format_name, library=library)
    if ending not in ONE_FILE:
        endings = ", ".join(f".{name}" for name in ONE_FILE)
        raise UnknownFormat(f"{output!r} is no audiobook file; expected an ending of {endings}, or a folder: {output}/")
    if format_name and ending not in (format_name, "mp4"):
        raise UnknownFormat(f"{output!r} ends in .{ending}, but --format is {format_name}; omit one of them")
    return BookOutput(path, "m4b" if ending == "mp4" else ending, OutputKind.ONE_FILE)


def _folder(path: Path, format_name: str | None, *, library: bool) -> BookOutput:
    if path.exists() and not path.is_dir():
        raise BadInput(f"{path} is a file; name a folder for the files of the chapters")
    name = format_name or CHAPTER_FILES[0]
    if name not in CHAPTER_FILES:
        raise UnknownFormat(f"--format {name} is for one file; for a folder choose one of: {', '.join(CHAPTER_FILES)}")
    return BookOutput(path, name, OutputKind.LIBRARY if library else OutputKind.CHAPTERS)


def safe_name(text: str) -> str:
    """A text as the name of a file or folder on any system, never empty."""
    name = _FORBIDDEN.sub(" ", unicodedata.normalize("NFC", text))
    name = " ".join(name.split()).encode()[:NAME_BYTES].decode(errors="ignore")
    return name.strip(" .") or "Untitled"
