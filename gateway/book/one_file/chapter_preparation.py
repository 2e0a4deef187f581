"""The preparation of chapters for the file of their book while others are still spoken.

A chapter is encoded as soon as it is spoken or, where the book's loudness is still unknown, measured. That takes what
the speech leaves of the cores: the threads have a low priority. `write_book` does what is not prepared by then.
"""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Self

from gateway.book.book_assembly import BookAssembly, SpokenChapter
from gateway.book.book_loudness import measure_loudness
from gateway.book.book_output import OutputKind
from gateway.book.book_plan import BookPlan, PlannedChapter
from gateway.book.book_project import BookProject
from gateway.book.making.book_form import BookForm
from gateway.book.one_file.encoded_chapters import encode_chapter
from gateway.http.encoding.thread_priority import lower_priority
from gateway.output.running_jobs import RunStopped
from seriatim.audio.joined_file import is_joinable
from seriatim.errors import SeriatimError


class ChapterPreparation:
    """Prepares chapters on threads, until its context ends; what is running then is completed, except at an error."""

    def __init__(self, plan: BookPlan, project: BookProject, form: BookForm) -> None:
        self._plan, self.project, self._form = plan, project, form
        self._stopped = threading.Event()
        output = form.output
        self._encodes = (
            output.kind is OutputKind.ONE_FILE and output.format_name != "epub" and is_joinable(output.encoding)
        )
        self._threads = ThreadPoolExecutor(os.cpu_count() or 1, "preparation", lower_priority)

    def add(self, chapter: PlannedChapter) -> None:
        """Prepare a chapter, which is spoken."""
        if self._encodes or self._form.loudness_lufs is not None:
            self._threads.submit(self._prepare, chapter)

    def _prepare(self, chapter: PlannedChapter) -> None:
        with suppress(SeriatimError, RunStopped):  # `write_book` meets the error again
            whole = SpokenChapter(chapter, self.project.read_record(chapter.key))
            if self._form.loudness_lufs is not None:
                measure_loudness(self.project, whole)
            else:
                assembly = BookAssembly.of(replace(self._plan, chapters=(chapter,), cover=b""), self.project, "")
                assembly = replace(assembly, room_tone_db=self._form.room_tone_db)
                encode_chapter(assembly, whole, self._form.output.encoding, self._stopped)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is not None:
            self._stopped.set()
        self._threads.shutdown(cancel_futures=True)
