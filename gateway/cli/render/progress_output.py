"""Progress output: a bar on a terminal, otherwise a line every ten seconds.

Both go to standard error, because standard output may carry the audio. The clock is an argument; only differences of
its seconds count.
"""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

LINE_EVERY_S = 10.0  #: interval of lines where there is no terminal


class ProgressOutput:
    """A bar or lines, of which one thread at a time writes. Leaving its context restores the terminal."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._clock = console, clock
        self._line_s = clock()  #: when the last line was written
        self._task: TaskID | None = None
        self._bar = _bar(console, clock) if console.is_terminal and not console.is_dumb_terminal else None

    def restart(self) -> None:
        """Count the interval to the next line from now."""
        self._line_s = self._clock()

    def show(self, line: str, description: str, completed: float, total: float | None) -> None:
        """Show the progress: `line` in a log, or a bar with `description` beside it; no `total`: it is unknown."""
        if self._bar is not None:
            if self._task is None:
                self._bar.start()
                self._task = self._bar.add_task("")
            self._bar.update(self._task, completed=completed, total=total, description=description)
        elif self._clock() - self._line_s >= LINE_EVERY_S:
            self._line_s = self._clock()
            self._console.print(line, soft_wrap=True, highlight=False, markup=False)

    def finish(self) -> None:
        """Remove the display. A second call does nothing."""
        if self._bar is not None:
            self._bar.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.finish()


def _bar(console: Console, clock: Callable[[], float]) -> Progress:
    """The bar, redrawn ten times a second by rich's own thread."""
    return Progress(
        BarColumn(bar_width=None),
        TextColumn("{task.description}"),
        console=console,
        get_time=clock,
        expand=True,  # the bar takes the space that the description leaves
        transient=True,  # the summary replaces it
        redirect_stdout=False,  # it may carry the audio
    )
