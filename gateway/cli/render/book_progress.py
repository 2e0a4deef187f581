"""The display of a book's progress while it is spoken: by chapter and whole."""

import time
from collections.abc import Callable, Sequence

from rich.console import Console

from gateway.book.making.book_cost import RunCost
from gateway.book.making.book_progress import BookPace, ChapterProgress
from gateway.cli.render.duration import clock_face
from gateway.cli.render.progress_output import ProgressOutput


class BookProgress(ProgressOutput):
    """Display of a book's progress; thread-safe. Leaving its context restores the terminal."""

    def __init__(
        self,
        console: Console,
        estimates_ms: Sequence[tuple[int, float]],
        clock: Callable[[], float] = time.monotonic,
        cost: RunCost | None = None,
    ) -> None:
        """Show nothing yet; `estimates_ms`: the number of each chapter, and its estimated duration."""
        super().__init__(console, clock)
        self._cost = cost
        self.pace = BookPace(estimates_ms, self._show_line, clock)

    @property
    def chapters(self) -> list[ChapterProgress]:
        """The progress of each chapter."""
        return self.pace.chapters

    def line(self) -> str:
        """`12 % of the book, 1 of 9 chapters, chapter 2 40 %, 0:48 of audio, 3.4 × real time, 2:31 left`."""
        pace = self.pace
        words = [f"{100 * pace.part:.0f} % of the book", f"{pace.n_complete} of {len(pace.chapters)} chapters"]
        words += [f"chapter {c.number} {100 * c.part:.0f} %" for c in pace.chapters if c.is_running]
        if (left_s := pace.left_s) is not None:
            words.append(f"{clock_face(pace.audio_ms / 1000)} of audio")
            words.append(f"{pace.times_real_time:.1f} × real time")
            words.append(f"{clock_face(left_s)} left")
        if self._cost:
            words.append(self._cost.text(pace.part))
        return ", ".join(words)

    def _show_line(self) -> None:
        line = self.line()
        self.show(line, line, self.pace.part, 1.0)
