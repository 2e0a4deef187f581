"""The assembly of a book: its spoken chapters, in order, as one file."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import soundfile

from gateway.book.book_plan import BookPlan, PlannedChapter
from gateway.book.book_project import BookProject, ChapterRecord
from seriatim.audio.audiobook_file import AudiobookFile, BookTags, ChapterMark, usable_cover
from seriatim.audio.encoder import Encoder
from seriatim.audio.formats import format_named
from seriatim.audio.output_file import translate_write_errors
from seriatim.errors import BadInput

_BLOCK_FRAMES = 1 << 15


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
    path = project.audio(chapter.plan.key)
    try:
        with soundfile.SoundFile(path) as file:
            if file.frames != chapter.record.n_samples:
                raise BadInput(f"{path} has {file.frames} samples, not {chapter.record.n_samples}; delete it")
            while len(block := file.read(_BLOCK_FRAMES, dtype="int16")):
                yield block.astype("<i2").tobytes()
    except (soundfile.LibsndfileError, OSError) as error:
        raise BadInput(f"{path} is damaged ({error}); delete it, and its chapter is spoken again") from None


def chapter_marks(chapters: Sequence[SpokenChapter], rate_hz: int) -> list[ChapterMark]:
    """The chapters of a file at `rate_hz` that holds all of them, one after another."""
    starts = [0]
    for chapter in chapters:
        starts.append(starts[-1] + chapter.record.n_samples)
    at = [round(start * rate_hz / chapters[0].record.rate_hz) for start in starts]
    return [
        ChapterMark(chapter.plan.title, start, end)
        for chapter, (start, end) in zip(chapters, pairwise(at), strict=True)
    ]


def write_audiobook(plan: BookPlan, project: BookProject, output: str, narrator: str) -> None:
    """Write the book as one M4B file, which gets its name when it is complete.

    Raises:
        Unwritable: no permission, or the disk is full.
        BadInput: a file of the project is damaged.
    """
    chapters = spoken_chapters(plan, project)
    rate_hz = chapters[0].record.rate_hz
    file_rate_hz = format_named("m4a").rate_for(rate_hz)
    tags = BookTags(plan.title, plan.author, narrator, plan.language, usable_cover(plan.cover))
    new = project.folder / "book.m4b.new"
    file: Encoder = AudiobookFile(str(new), file_rate_hz, tags, chapter_marks(chapters, file_rate_hz))
    if file_rate_hz != rate_hz:
        from seriatim.audio.resampler import ResamplingEncoder

        file = ResamplingEncoder(file, rate_hz, file_rate_hz)
    try:
        for chapter in chapters:
            for pcm in chapter_audio(project, chapter):
                file.write(pcm)
        file.close()
    except BaseException:
        file.discard()
        raise
    with translate_write_errors(output):
        with new.open("rb") as written:
            os.fsync(written.fileno())
        new.replace(output)
