"""The plan of a book: the chapters of a document that are spoken, each with a key that its text and options determine.

Pure. Two chapters with the same key have the same audio, so a key names a file of audio that never changes.
"""

import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from gateway.book.corrections import Correction, corrected_key
from gateway.output.journal import Option, TextFingerprint
from seriatim.audio.title_tags import first_words
from seriatim.errors import BadInput, EmptyText
from seriatim.text.documents import Chapter, Document
from seriatim.text.documents.document import Matter
from seriatim.text.duration_estimate import estimate_ms
from seriatim.text.segment import SegmentOptions, segment

VERSION = 1  #: of the audio of a chapter; another version speaks all of a book again
KEY_CHARS = 20  #: 80 bits
_RANGE = re.compile(r"(\d{1,5})(?:-(\d{1,5})?)?")


@dataclass(frozen=True, slots=True)
class PlannedChapter:
    """One chapter as it is spoken."""

    number: int  #: 1-based, in the document
    title: str
    text: str
    key: str  #: the same for the same text and options
    estimated_ms: int  #: of speech
    corrections: tuple[Correction, ...] = ()  #: of its sentences; `key` is that of the chapter with them
    key_before: str = ""  #: the key without corrections; "": there are none
    matter: Matter = Matter.BODY
    voice: str = ""  #: its narrator's; "": the book's

    @property
    def base_key(self) -> str:
        """The key without corrections."""
        return self.key_before or self.key

    def with_corrections(self, corrections: Sequence[Correction]) -> "PlannedChapter":
        """The chapter with all of these corrections, and with no others."""
        base = self.base_key
        return replace(self, key=corrected_key(base, corrections), corrections=tuple(corrections), key_before=base)


@dataclass(frozen=True, slots=True)
class BookPlan:
    """The chapters of a book in order, and what its tags say."""

    title: str
    authors: tuple[str, ...]
    language: str  #: BCP 47, as the document states it; "": it does not
    cover: bytes
    chapters: tuple[PlannedChapter, ...]
    warnings: tuple[str, ...] = ()

    @property
    def author(self) -> str:
        """All authors, in one line."""
        return ", ".join(self.authors)

    @property
    def characters(self) -> int:
        """The characters of all chapters, by which providers are paid."""
        return sum(len(chapter.text) for chapter in self.chapters)

    @property
    def text_digests(self) -> frozenset[str]:
        """The digests of all chapters' texts, whatever their options."""
        return frozenset(TextFingerprint.of(chapter.text, {}).text_sha256 for chapter in self.chapters)

    def with_corrections(self, corrections: Mapping[str, Sequence[Correction]]) -> "BookPlan":
        """The plan with corrections of its chapters, by the keys without any."""
        return replace(
            self, chapters=tuple(one.with_corrections(corrections.get(one.base_key, ())) for one in self.chapters)
        )


@dataclass(frozen=True, slots=True)
class ChapterChoice:
    """The parts of a document that are spoken."""

    include: Collection[str] = ()  #: such as notes
    exclude: Collection[str] = ()  #: front or back: chapters outside of the body; tables, poems, quotations: parts
    numbers: Collection[int] | None = None  #: of chapters, 1-based; None: all

    def has(self, number: int, chapter: Chapter) -> bool:
        """Whether a chapter is spoken; one that is named by its number is."""
        if self.numbers is not None:
            return number in self.numbers
        return not chapter.matter or str(chapter.matter) not in self.exclude

    def text(self, chapter: Chapter) -> str:
        """The text of a chapter with the parts that are included, and without those that are left out."""
        text = chapter.text_without(self.exclude)
        if "notes" in self.include and chapter.notes:
            return f"{text.rstrip()}\n\n{chapter.notes}\n\n"
        return text


def parse_numbers(text: str, n_chapters: int) -> frozenset[int]:
    """The chapter numbers of `1-3,7,9-`, 1-based.

    Raises:
        BadInput: it is no list of numbers, or names a chapter that the document has not.
    """
    numbers: set[int] = set()
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        if match is None:
            raise BadInput(f"chapters {text!r}; expected numbers and ranges, such as 1-3,7,9-")
        first = int(match[1])
        last = int(match[2]) if match[2] else n_chapters if "-" in part else first
        if not 1 <= first <= last <= n_chapters:
            what = f"chapter{'s' * (last != first)} {part.strip()}"
            raise BadInput(f"chapters {text!r}: no {what} in a document of {n_chapters} chapters")
        numbers.update(range(first, last + 1))
    return frozenset(numbers)


def plan_book(
    document: Document, name: str, options: Mapping[str, Option], choice: ChapterChoice = ChapterChoice()
) -> BookPlan:
    """Plan a book; `name` is its title where the document has none.

    Raises:
        EmptyText: no chapter that was chosen has anything to speak.
    """
    language = document.language or "en"
    speed = float(options.get("speed") or 1.0)
    cut = SegmentOptions(markup=document.markup)
    chapters, silent = [], []
    for number, chapter in enumerate(document.chapters, 1):
        text = choice.text(chapter)
        if not choice.has(number, chapter):
            continue
        if next(iter(segment(text, cut)), None) is None:
            silent.append(str(number))
            continue
        title = chapter.title or first_words(text)
        chapters.append(
            PlannedChapter(
                number,
                title,
                text,
                chapter_key(text, options),
                estimate_ms(text, language, speed),
                matter=chapter.matter,
            )
        )
    if not chapters:
        raise EmptyText(f"{name or 'the document'} has no chapter with anything to speak")
    warnings = (f"nothing to speak in chapter {', '.join(silent)}",) if silent else ()
    return BookPlan(
        document.title or name, document.authors, document.language, document.cover, tuple(chapters), warnings
    )


def chapter_key(text: str, options: Mapping[str, Option]) -> str:
    """The key of a text that is spoken with those options."""
    fingerprint = asdict(TextFingerprint.of(text, options))
    content = json.dumps([VERSION, fingerprint], sort_keys=True).encode()
    return hashlib.sha256(content).hexdigest()[:KEY_CHARS]
