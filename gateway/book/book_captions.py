"""Captions of a book: its sentences with their times in a file, as SubRip or WebVTT."""

from collections.abc import Iterator, Sequence

from gateway.book.book_assembly import BookAssembly, SpokenChapter
from gateway.book.book_output import BookOutput
from gateway.http.reading.captions import format_srt, format_vtt
from gateway.http.reading.sentence_times import SentenceSpan
from seriatim.audio.output_file import translate_write_errors

_WRITERS = {"vtt": format_vtt, "srt": format_srt}  #: by `CAPTION_FORMATS`


def caption_text(chapters: Sequence[SpokenChapter], starts_s: Sequence[float], format_name: str) -> str:
    """The captions of a file that holds these chapters, which begin at these times in it."""
    return _WRITERS[format_name](sentence_spans(chapters, starts_s))


def sentence_spans(chapters: Sequence[SpokenChapter], starts_s: Sequence[float]) -> Iterator[SentenceSpan]:
    """The sentences with audio, numbered from 0 on; their times count from the beginning of the file."""
    seq = 0
    for chapter, chapter_s in zip(chapters, starts_s, strict=True):
        record = chapter.record
        for text, (start, end) in zip(record.texts, record.spans(), strict=True):
            if end > start:
                start_s, end_s = (round(chapter_s + at / record.rate_hz, 3) for at in (start, end))
                yield SentenceSpan(seq, start_s, end_s, text)
            seq += 1


def write_captions(assembly: BookAssembly, output: BookOutput, starts_s: Sequence[float]) -> None:
    """Write the captions of a book in one file beside it; `starts_s`: where its chapters begin.

    Raises:
        Unwritable: no permission, or the disk is full.
    """
    for format_name in output.captions:
        path = output.caption_path(format_name)
        new = assembly.project.folder / f"book.{format_name}.new"
        with translate_write_errors(str(path)):
            new.write_text(caption_text(assembly.chapters, starts_s, format_name), "utf-8")
            new.replace(path)
