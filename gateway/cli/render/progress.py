"""Progress of a text being spoken: a bar on a terminal, a line now and then elsewhere.

Both go to the console they are given, which is standard error: standard output may be carrying the sound.
Time comes in as a clock, in seconds from anywhere.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as RichProgress

from gateway.cli.render.duration import clock_face

LINE_EVERY_S = 10.0  #: how often a log that nobody watches is worth a line


@dataclass(frozen=True, slots=True)
class ProgressState:
    """How much of a text has been heard, in this run and before it."""

    total: int | None = None  #: sentences of the whole text; None while more may come
    before: int = 0  #: sentences that an interrupted run had spoken
    sentences: int = 0  #: in this run
    audio_ms: float = 0.0  #: in this run
    elapsed_s: float = 0.0  #: of this run

    @property
    def done(self) -> int:
        return self.before + self.sentences

    @property
    def times_real_time(self) -> float:
        """Seconds of sound a second."""
        return self.audio_ms / 1000 / self.elapsed_s if self.elapsed_s > 0 else 0.0

    @property
    def left_s(self) -> float | None:
        """Seconds until the end, if the rest is spoken as fast as what was; None if nobody can know."""
        if self.total is None or not self.sentences:
            return None
        return (self.total - self.done) * self.elapsed_s / self.sentences

    def words(self) -> str:
        """`12 of 340 sentences, 0:48 of sound, 3.4 × real time, 2:31 left`."""
        count = f"{self.done} sentences" if self.total is None else f"{self.done} of {self.total} sentences"
        return ", ".join([count, f"{clock_face(self.audio_ms / 1000)} of sound", *self._rates()])

    def brief(self) -> str:
        """`12/340 · 0:48 of sound · 3.4 × real time · 2:31 left`: half a terminal's line, beside the bar."""
        count = f"{self.done}" if self.total is None else f"{self.done}/{self.total}"
        return " · ".join([count, f"{clock_face(self.audio_ms / 1000)} of sound", *self._rates()])

    def _rates(self) -> list[str]:
        rates = [f"{self.times_real_time:.1f} × real time"] if self.audio_ms else []
        return rates if self.left_s is None else [*rates, f"{clock_face(self.left_s)} left"]


class ProgressDisplay:
    """Shows how far one text is spoken, from any thread. Use it as a context: the terminal is left as it was."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._lock = threading.Lock()  # the total may become known on the thread that sends the text
        self._heard = ProgressState()
        self._started_s = clock()
        self._line_s = self._started_s  #: when the last line was written
        watched = console.is_terminal and not console.is_dumb_terminal
        self._bar = _ProgressBar(console, clock) if watched else None

    def started(self, total_sentences: int | None, before: int = 0) -> None:
        """Begin to count; may be called again when the total becomes known.

        Args:
            total_sentences: of the whole text; None while more may come.
            before: how many of them an interrupted run had spoken.
        """
        with self._lock:
            if not self._heard.sentences and not self._heard.audio_ms:
                self._started_s = self._line_s = self._clock()
            self._show(replace(self._heard, total=total_sentences, before=before))

    def audio(self, ms: float) -> None:
        """So many more milliseconds of sound have been heard."""
        with self._lock:
            self._show(replace(self._heard, audio_ms=self._heard.audio_ms + ms))

    def sentence_heard(self) -> None:
        """One more sentence is complete."""
        with self._lock:
            self._show(replace(self._heard, sentences=self._heard.sentences + 1))

    def finish(self) -> None:
        """Stop showing. Does nothing a second time."""
        if self._bar is not None:
            self._bar.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.finish()

    def _show(self, heard: ProgressState) -> None:
        now_s = self._clock()
        self._heard = replace(heard, elapsed_s=now_s - self._started_s)
        if self._bar is not None:
            self._bar.show(self._heard)
        elif now_s - self._line_s >= LINE_EVERY_S:
            self._line_s = now_s
            self._console.print(self._heard.words(), soft_wrap=True, highlight=False, markup=False)


class _ProgressBar:
    """The bar, drawn anew ten times a second by rich's own thread."""

    def __init__(self, console: Console, clock: Callable[[], float]) -> None:
        self._rich = RichProgress(
            BarColumn(bar_width=None),
            TextColumn("{task.description}"),
            console=console,
            get_time=clock,
            expand=True,  # the bar takes what the words leave
            transient=True,  # the summary takes its place
            redirect_stdout=False,  # it may be carrying the sound
        )
        self._task: TaskID | None = None

    def show(self, heard: ProgressState) -> None:
        if self._task is None:
            self._rich.start()
            self._task = self._rich.add_task("")
        self._rich.update(self._task, completed=heard.done, total=heard.total, description=heard.brief())

    def stop(self) -> None:
        self._rich.stop()
