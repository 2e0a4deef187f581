"""The assembly of a book: its spoken chapters, in order, and what its files are made from."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from gateway.book.book_plan import BookPlan, PlannedChapter
from gateway.book.book_project import BookProject, ChapterRecord
from gateway.book.chapter_samples import chapter_samples
from seriatim.audio.audiobook_file import BOOK_FORMATS
from seriatim.audio.book_tags import BookTags
from seriatim.audio.cover_image import usable_cover
from seriatim.audio.encoder import Encoder
from seriatim.audio.output_file import translate_write_errors
from seriatim.audio.peak_limiter import level_audio
from seriatim.audio.room_tone import with_room_tone
from seriatim.errors import BadInput

#: of peaks, in dBFS, where a gain is applied: ACX asks for -3 dB, and encoders add up to half a dB
CEILING_DB = -3.5


@dataclass(frozen=True, slots=True)
class SpokenChapter:
    """A chapter with its sentences, all of them spoken."""

    plan: PlannedChapter
    record: ChapterRecord


def spoken_chapters(plan: BookPlan, project: BookProject) -> list[SpokenChapter]:
    """The chapters of a plan that is spoken.

    Raises:
        BadInput: chapters differ in their sample rates, or a record is damaged.
    """
    chapters = [SpokenChapter(chapter, project.read_record(chapter.key)) for chapter in plan.chapters]
    rates = sorted({chapter.record.rate_hz for chapter in chapters})
    if len(rates) > 1:
        raise BadInput(f"chapters at {', '.join(map(str, rates))} Hz cannot be one file; speak all with one engine")
    return chapters


def chapter_audio(project: BookProject, chapter: SpokenChapter) -> Iterator[bytes]:
    """The audio of a chapter, s16le mono, block by block.

    Raises:
        BadInput: its file is damaged.
    """
    return chapter_samples(project.audio(chapter.plan.key), chapter.record.n_samples)


@dataclass(frozen=True, slots=True)
class BookAssembly:
    """A book whose chapters are all spoken, with everything that its files are made from."""

    plan: BookPlan
    project: BookProject
    chapters: Sequence[SpokenChapter]
    tags: BookTags
    gain_db: float | None = None  #: None: the audio stays as it is
    room_tone_db: float | None = None  #: RMS of the noise under it, in dBFS; None: there is none

    @classmethod
    def of(cls, plan: BookPlan, project: BookProject, narrator: str) -> Self:
        """The assembly of a plan that is spoken.

        Raises:
            BadInput: chapters differ in their sample rates, or a record is damaged.
        """
        tags = BookTags(plan.title, plan.author, narrator, plan.language, usable_cover(plan.cover))
        return cls(plan, project, spoken_chapters(plan, project), tags)

    @property
    def rate_hz(self) -> int:
        """The rate of all chapters."""
        return self.chapters[0].record.rate_hz

    def chapter_tags(self, chapter: SpokenChapter, track: int) -> BookTags:
        """The tags of a file that holds one chapter; `track` is 1-based."""
        return replace(self.tags, chapter=chapter.plan.title, track=track, n_tracks=len(self.chapters))

    def chapter_audio(self, chapter: SpokenChapter, format_name: str) -> Iterator[bytes]:
        """The audio of a chapter as the encoder of a format gets it."""
        return self.mastered(chapter_audio(self.project, chapter), chapter.record.rate_hz, format_name)

    def mastered(self, audio: Iterator[bytes], rate_hz: int, format_name: str) -> Iterator[bytes]:
        """The audio of a chapter with the book's gain and room tone, as the encoder of a format gets it."""
        loss_db = BOOK_FORMATS[format_name].loss_db
        if self.gain_db is not None:
            audio = level_audio(audio, rate_hz, self.gain_db + loss_db, CEILING_DB + loss_db)
        return audio if self.room_tone_db is None else with_room_tone(audio, rate_hz, self.room_tone_db)


def replace_when_complete(encoder: Encoder, audio: Iterator[bytes], new: Path, output: Path) -> None:
    """Encode all of the audio into the file `new`, and give it the name `output` when it is durable.

    Raises:
        Unwritable: no permission, or the disk is full.
        BadInput: a file of the project is damaged.
    """
    try:
        for pcm in audio:
            encoder.write(pcm)
        encoder.close()
    except BaseException:
        encoder.discard()
        raise
    make_durable(new, output)


def make_durable(new: Path, output: Path) -> None:
    """Give a file that is complete the name `output`, once it is on the disk.

    Raises:
        Unwritable: no permission, or the disk is full.
    """
    with translate_write_errors(str(output)):
        with new.open("rb") as written:
            os.fsync(written.fileno())
        new.replace(output)
