"""Progress of a book being spoken: by chapter and whole.

Amounts are durations of speech: estimated ones until a chapter is complete.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console

from gateway.cli.render.duration import clock_face
from gateway.cli.render.progress_output import ProgressOutput

_MOST = 0.99  #: of a chapter that is longer than its estimate


@dataclass(slots=True)
class ChapterProgress:
    """The progress of one chapter; one run reports to it."""

    number: int  #: 1-based
    estimated_ms: float
    book: "BookProgress"
    audio_ms: float = 0.0
    is_complete: bool = False
    is_running: bool = False

    @property
    def part(self) -> float:
        """The part that is spoken, 0..1."""
        return 1.0 if self.is_complete else min(_MOST, self.audio_ms / max(1.0, self.estimated_ms))

    def start_counting(self, _total: int | None, _before: int = 0) -> None:
        """Note that the chapter is being spoken."""
        self.is_running = True

    def add_audio(self, ms: float) -> None:
        """Add `ms` of audio that was spoken now."""
        self.audio_ms += ms
        self.book.add_audio(ms)

    def count_sentence(self) -> None:
        """Do nothing: the audio counts."""

    def complete(self) -> None:
        """Note that all of the chapter is spoken."""
        self.is_complete, self.is_running = True, False


class BookProgress(ProgressOutput):
    """Display of a book's progress; thread-safe. Leaving its context restores the terminal."""

    def __init__(
        self, console: Console, estimates_ms: Sequence[tuple[int, float]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Show nothing yet; `estimates_ms`: the number of each chapter, and its estimated duration."""
        super().__init__(console, clock)
        self._lock = threading.Lock()
        self._started_s = clock()
        self._audio_ms = 0.0  # spoken now
        self.chapters = [ChapterProgress(number, ms, self) for number, ms in estimates_ms]

    @property
    def part(self) -> float:
        """The part of the book that is spoken, 0..1."""
        whole = sum(chapter.estimated_ms for chapter in self.chapters)
        return sum(chapter.part * chapter.estimated_ms for chapter in self.chapters) / max(1.0, whole)

    def line(self) -> str:
        """`12 % of the book, 1 of 9 chapters, chapter 2 40 %, 0:48 of audio, 3.4 × real time, 2:31 left`."""
        elapsed_s = self._clock() - self._started_s
        complete = sum(chapter.is_complete for chapter in self.chapters)
        words = [f"{100 * self.part:.0f} % of the book", f"{complete} of {len(self.chapters)} chapters"]
        words += [f"chapter {c.number} {100 * c.part:.0f} %" for c in self.chapters if c.is_running]
        if self._audio_ms and elapsed_s > 0:
            speed = self._audio_ms / 1000 / elapsed_s
            left_ms = sum((1 - chapter.part) * chapter.estimated_ms for chapter in self.chapters)
            words.append(f"{clock_face(self._audio_ms / 1000)} of audio")
            words.append(f"{speed:.1f} × real time")
            words.append(f"{clock_face(left_ms / 1000 / speed)} left")
        return ", ".join(words)

    def add_audio(self, ms: float) -> None:
        """Count `ms` of audio of some chapter."""
        with self._lock:
            self._audio_ms += ms
            line = self.line()
            self.show(line, line, self.part, 1.0)
