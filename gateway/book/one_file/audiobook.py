"""The audiobook of a book: all of its chapters as one file with chapters and tags.

With AAC each chapter is encoded by itself, and the file is joined from them
(`gateway.book.one_file.encoded_chapters`); in other formats the chapters are encoded one after another.
"""

from collections.abc import Sequence
from itertools import accumulate, chain
from pathlib import Path

from gateway.book.book_assembly import BookAssembly, SpokenChapter, make_durable, replace_when_complete
from gateway.book.one_file.encoded_chapters import encode_chapters, remove_other_encoded
from seriatim.audio.audiobook_file import open_book_file
from seriatim.audio.book_tags import ChapterMark
from seriatim.audio.joined_file import is_joinable, joined_marks, write_joined


def write_audiobook(assembly: BookAssembly, output: Path, format_name: str) -> list[float]:
    """Write the book as one file with chapters, which gets its name when it is complete.

    Returns where each chapter begins in it, in seconds.

    Raises:
        Unwritable: no permission, or the disk is full.
        BadInput: a file of the project is damaged.
    """
    new = assembly.project.folder / f"book.{format_name}.new"
    if is_joinable(format_name):
        return _join_chapters(assembly, new, output, format_name)
    marks = chapter_marks(assembly.chapters)
    encoder = open_book_file(str(new), format_name, assembly.rate_hz, assembly.tags, marks)
    audio = chain.from_iterable(assembly.chapter_audio(chapter, format_name) for chapter in assembly.chapters)
    replace_when_complete(encoder, audio, new, output)
    return [mark.start / assembly.rate_hz for mark in marks]


def _join_chapters(assembly: BookAssembly, new: Path, output: Path, format_name: str) -> list[float]:
    parts = encode_chapters(assembly, format_name)
    marks = joined_marks([chapter.plan.title for chapter in assembly.chapters], parts)
    write_joined(str(new), format_name, assembly.tags, marks, parts)
    make_durable(new, output)
    remove_other_encoded(assembly)
    return [mark.start / parts[0].rate_hz for mark in marks]


def chapter_marks(chapters: Sequence[SpokenChapter]) -> list[ChapterMark]:
    """The chapters of a file that holds all of them, one after another."""
    ends = list(accumulate(chapter.record.n_samples for chapter in chapters))
    return [
        ChapterMark(chapter.plan.title, start, end)
        for chapter, start, end in zip(chapters, [0, *ends], ends, strict=False)
    ]
