"""Measuring of chapters, in one thread that yields to live listeners: for those who ask which sentences to check."""

import asyncio
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from gateway.book.book_project import BookProject, ChapterRecord
from gateway.book.chapter_quality import chapter_figures
from gateway.book.sentence_quality import SentenceAudio
from gateway.http.encoding.thread_priority import lower_priority


@dataclass(frozen=True, slots=True)
class MeasuredChapter:
    """The chapter whose sentences are to be measured."""

    project: BookProject
    key: str
    record: ChapterRecord
    language: str

    @property
    def path(self) -> Path:
        """The file that is measured."""
        return self.project.audio(self.key)


def _new_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "quality", lower_priority)


@dataclass(slots=True)
class QualityMeasuring:
    """The chapters that one gateway measures, each once; used in the event loop."""

    _thread: ThreadPoolExecutor = field(default_factory=_new_thread)
    _running: dict[Path, "Future[list[SentenceAudio]]"] = field(default_factory=dict)

    async def measure(self, chapters: Iterable[MeasuredChapter], wait_s: float) -> None:
        """Measure chapters; returns when they are, or after `wait_s`, and they go on.

        Raises:
            BadInput: the audio of one is damaged.
            Unwritable: its figures cannot be kept.
        """
        futures = [self._start(chapter) for chapter in chapters]
        if futures:
            await asyncio.wait([asyncio.wrap_future(future) for future in futures], timeout=wait_s)
        for future in futures:
            if future.done():
                future.result()

    def close(self) -> None:
        """Measure no more chapters; the one that is being measured is not waited for."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    @property
    def is_busy(self) -> bool:
        """Whether a chapter is being measured."""
        return any(not future.done() for future in self._running.values())

    def _start(self, chapter: MeasuredChapter) -> "Future[list[SentenceAudio]]":
        self._running = {path: future for path, future in self._running.items() if not future.done()}
        if chapter.path not in self._running:
            call = (chapter.project, chapter.key, chapter.record, chapter.language)
            self._running[chapter.path] = self._thread.submit(chapter_figures, *call)
        return self._running[chapter.path]
