"""The preparation of chapters for the file of their book while others are still spoken.

A chapter is encoded while it is spoken, up to where it is: when its last sentence is there, little is left to encode.
Where the book's loudness is still unknown, it is measured as soon as it is spoken. That takes what the speech leaves of
the cores: the threads have a low priority. `write_book` does what is not prepared by then.
"""

import os
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import chain
from types import TracebackType
from typing import Self

from gateway.book.book_assembly import BookAssembly, SpokenChapter
from gateway.book.book_loudness import measure_loudness
from gateway.book.book_output import OutputKind
from gateway.book.book_plan import BookPlan, PlannedChapter
from gateway.book.book_project import BookProject
from gateway.book.chapter_output import ChapterOutput
from gateway.book.chapter_samples import BLOCK_SAMPLES
from gateway.book.making.book_form import BookForm
from gateway.book.one_file.encoded_chapters import encode_audio, encode_chapter
from gateway.http.encoding.thread_priority import lower_priority
from gateway.output.running_jobs import RunStopped
from gateway.output.spool_reader import SpoolReader
from seriatim.audio.book_tags import BookTags
from seriatim.audio.joined_file import is_joinable
from seriatim.audio.pcm import BYTES_PER_SAMPLE
from seriatim.errors import SeriatimError


class ChapterPreparation:
    """Prepares chapters on threads, until its context ends; what is running then is completed, except at an error."""

    def __init__(self, plan: BookPlan, project: BookProject, form: BookForm) -> None:
        self.project, self._form = project, form
        self._assembly = BookAssembly(plan, project, (), BookTags(), room_tone_db=form.room_tone_db)
        self._stopped = threading.Event()
        output = form.output
        self._encodes = (
            output.kind is OutputKind.ONE_FILE and output.format_name != "epub" and is_joinable(output.encoding)
        )
        self._threads = ThreadPoolExecutor(os.cpu_count() or 1, "preparation", lower_priority)
        self._unfinished: dict[str, tuple[SpoolReader, Future[None]]] = {}  #: of chapters that are spoken, by key

    def begin(self, chapter: PlannedChapter, output: ChapterOutput) -> None:
        """Prepare a chapter while it is spoken into its output.

        Raises:
            Unwritable: its audio cannot be read.
        """
        if self._encodes and self._form.loudness_lufs is None:
            reader = output.open_reader()
            self._unfinished[chapter.key] = reader, self._threads.submit(self._follow, chapter, output, reader)

    def add(self, chapter: PlannedChapter) -> None:
        """Prepare a chapter, which is spoken, or the rest of it."""
        reader, following = self._unfinished.pop(chapter.key, (None, None))
        if reader and following:
            if not following.cancel():  # it runs, or it has met an error
                reader.complete.set()
                return
            reader.close()  # no thread was free: its spool takes twice the room of its FLAC
        if self._encodes or self._form.loudness_lufs is not None:
            self._threads.submit(self._prepare, chapter)

    def _follow(self, chapter: PlannedChapter, output: ChapterOutput, reader: SpoolReader) -> None:
        """Encode a chapter while it is spoken, in the same blocks as `encode_chapter`."""
        with suppress(SeriatimError, RunStopped), reader:
            blocks = reader.blocks(BLOCK_SAMPLES * BYTES_PER_SAMPLE, self._stopped)
            first = next(blocks, b"")  # with it, the rate is known
            if rate_hz := output.rate_hz:
                audio = self._assembly.mastered(chain((first,), blocks), rate_hz, self._form.output.encoding)
                encode_audio(self._assembly, chapter.key, audio, rate_hz)

    def _prepare(self, chapter: PlannedChapter) -> None:
        with suppress(SeriatimError, RunStopped):  # `write_book` meets the error again
            whole = SpokenChapter(chapter, self.project.read_record(chapter.key))
            if self._form.loudness_lufs is not None:
                measure_loudness(self.project, whole)
            else:
                encode_chapter(self._assembly, whole, self._form.output.encoding, self._stopped)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is not None or self._unfinished:  # a chapter whose speech ended early would be waited for
            self._stopped.set()
        self._threads.shutdown(cancel_futures=True)
        for reader, _ in self._unfinished.values():
            reader.close()
