"""Captions of a book: its sentences with their times in a file, as SubRip or WebVTT."""

from collections.abc import Iterable, Iterator

from gateway.book.book_assembly import BookAssembly, SpokenChapter
from gateway.book.book_output import BookOutput
from gateway.http.reading.captions import format_srt, format_vtt
from gateway.http.reading.sentence_times import SentenceSpan
from seriatim.audio.output_file import translate_write_errors

_WRITERS = {"vtt": format_vtt, "srt": format_srt}  #: by `CAPTION_FORMATS`


def caption_text(chapters: Iterable[SpokenChapter], format_name: str) -> str:
    """The captions of a file that holds these chapters, one after another."""
    return _WRITERS[format_name](sentence_spans(chapters))


def sentence_spans(chapters: Iterable[SpokenChapter]) -> Iterator[SentenceSpan]:
    """The sentences with audio, numbered from 0 on; their times count from the beginning of the first chapter."""
    seq, chapter_s = 0, 0.0
    for chapter in chapters:
        record = chapter.record
        for text, (start, end) in zip(record.texts, record.spans(), strict=True):
            if end > start:
                start_s, end_s = (round(chapter_s + at / record.rate_hz, 3) for at in (start, end))
                yield SentenceSpan(seq, start_s, end_s, text)
            seq += 1
        chapter_s += record.duration_s


def write_captions(assembly: BookAssembly, output: BookOutput) -> None:
    """Write the captions of a book in one file beside it.

    Raises:
        Unwritable: no permission, or the disk is full.
    """
    for format_name in output.captions:
        path = output.caption_path(format_name)
        new = assembly.project.folder / f"book.{format_name}.new"
        with translate_write_errors(str(path)):
            new.write_text(caption_text(assembly.chapters, format_name), "utf-8")
            new.replace(path)
