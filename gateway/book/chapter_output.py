"""The output of a chapter: a file that can be resumed, with a record of its sentences."""

from types import TracebackType
from typing import Self

from gateway.book.book_plan import PlannedChapter
from gateway.book.book_project import BookProject, ChapterRecord
from gateway.output.file_output import FileOutput
from gateway.output.journal import TextFingerprint
from gateway.output.spool_reader import SpoolReader
from seriatim.audio.formats import format_named
from seriatim.errors import BadInput, EmptyText, Unwritable
from seriatim.records import Sentence
from seriatim.stream_entries import Gap

SAMPLE_BYTES = 2


class ChapterOutput:
    """Writes one chapter of a project. Leaving its context without `finish` keeps what a later run continues."""

    def __init__(self, project: BookProject, chapter: PlannedChapter, paragraph_ms: int = 1) -> None:
        """Continue the chapter where an interrupted run has left it, or else begin it.

        `paragraph_ms`: the shortest pause after a sentence that ends a paragraph.

        Raises:
            Unwritable: no permission, or the disk is full.
        """
        self._project, self._chapter = project, chapter
        self._texts: list[str] = []
        self._paragraphs: list[int] = []
        self._paragraph_ms, self._begins_paragraph = paragraph_ms, True
        self.title = chapter.title
        self._file = _open_file(str(project.audio(chapter.key)), TextFingerprint.of(chapter.key, {}))

    @property
    def sentences_done(self) -> int:
        """The number of complete sentences."""
        return self._file.sentences_done

    @property
    def ms_done(self) -> float:
        """The duration of the complete sentences in ms."""
        return self._file.ms_done

    @property
    def rate_hz(self) -> int | None:
        """The rate of the audio; None before the first of it."""
        return self._file.rate_hz

    def open_reader(self) -> SpoolReader:
        """A reader of the chapter's audio, for another thread; its opener closes it.

        Raises:
            Unwritable: it cannot be opened.
        """
        return self._file.open_reader()

    def add_sentence(self, sentence: Sentence) -> None:
        """Note the text of the next sentence of the chapter, spoken before or not."""
        if self._begins_paragraph:
            self._paragraphs.append(len(self._texts))
        self._begins_paragraph = sentence.pause_ms >= self._paragraph_ms
        self._texts.append(sentence.text)

    def add_gap(self, gap: Gap) -> None:
        """Keep that a sentence could not be spoken, also for the run that completes the chapter."""
        self._project.add_gap(self._chapter.key, f"sentence {self._chapter.number}.{gap.seq + 1}: {gap.reason}")

    def write(self, pcm: bytes, rate_hz: int) -> None:
        """Add audio (s16le mono) to the sentence being spoken.

        Raises:
            Unwritable: the disk is full, for instance.
        """
        self._file.write(pcm, rate_hz)

    def complete_sentence(self, seq: int) -> None:
        """Record that sentence `seq` (0-based) is complete.

        Raises:
            Unwritable: the disk is full, for instance.
        """
        self._file.complete_sentence(seq)

    def finish(self) -> None:
        """Complete the chapter: its record first, because a chapter with audio counts as complete.

        Raises:
            Unwritable: the disk is full, for instance.
            EmptyText: there was no audio at all.
        """
        marks = self._file.marks()
        rate_hz = marks[-1].rate_hz if marks else None
        if rate_hz is None:
            raise EmptyText(f"chapter {self._chapter.number} ({self._chapter.title}) produced no audio")
        ends = tuple(mark.end // SAMPLE_BYTES for mark in marks)
        gaps = self._project.read_gaps(self._chapter.key)
        record = ChapterRecord(rate_hz, tuple(self._texts[: len(ends)]), ends, gaps, tuple(self._paragraphs))
        self._project.write_record(self._chapter.key, record)
        self._file.finish()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.abandon()


def _open_file(output: str, fingerprint: TextFingerprint) -> FileOutput:
    """Continue the file that an interrupted run has left, or else begin it; the key stands for text and options."""
    audio_format = format_named("flac")
    try:
        return FileOutput.resume(output, audio_format, fingerprint)
    except Unwritable:
        raise
    except BadInput:  # there is none, or it ended before the first line of its journal was whole
        return FileOutput.create(output, audio_format, fingerprint, restart=True)
