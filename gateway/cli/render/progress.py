"""Progress of a text being spoken, counted in sentences."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from rich.console import Console

from gateway.cli.render.duration import clock_face
from gateway.cli.render.progress_output import ProgressOutput


@dataclass(frozen=True, slots=True)
class ProgressState:
    """The amount of a text that was written, in this run and before it."""

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
        """Seconds of audio per second."""
        return self.audio_ms / 1000 / self.elapsed_s if self.elapsed_s > 0 else 0.0

    @property
    def left_s(self) -> float | None:
        """Seconds until the end at the speed so far; None while that is unknown."""
        if self.total is None or not self.sentences:
            return None
        return (self.total - self.done) * self.elapsed_s / self.sentences

    def log_line(self) -> str:
        """A line for a log: `12 of 340 sentences, 0:48 of audio, 3.4 × real time, 2:31 left`."""
        count = f"{self.done} sentences" if self.total is None else f"{self.done} of {self.total} sentences"
        return ", ".join([count, f"{clock_face(self.audio_ms / 1000)} of audio", *self._rates()])

    def bar_description(self) -> str:
        """A short form beside the bar: `12/340 · 0:48 of audio · 3.4 × real time · 2:31 left`."""
        count = f"{self.done}" if self.total is None else f"{self.done}/{self.total}"
        return " · ".join([count, f"{clock_face(self.audio_ms / 1000)} of audio", *self._rates()])

    def _rates(self) -> list[str]:
        rates = [f"{self.times_real_time:.1f} × real time"] if self.audio_ms else []
        return rates if self.left_s is None else [*rates, f"{clock_face(self.left_s)} left"]


class ProgressDisplay(ProgressOutput):
    """Display of one text's progress; thread-safe. Leaving its context restores the terminal."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(console, clock)
        self._lock = threading.Lock()  # the total may become known on the thread that sends the text
        self._state = ProgressState()
        self._started_s = clock()

    def start_counting(self, total_sentences: int | None, before: int = 0) -> None:
        """Start counting; may be called again when the total becomes known.

        Args:
            total_sentences: of the whole text; None while more may come.
            before: how many of them an interrupted run had spoken.
        """
        with self._lock:
            if not self._state.sentences and not self._state.audio_ms:
                self._started_s = self._clock()
                self.restart()
            self._update(replace(self._state, total=total_sentences, before=before))

    def add_audio(self, ms: float) -> None:
        """Add `ms` of audio."""
        with self._lock:
            self._update(replace(self._state, audio_ms=self._state.audio_ms + ms))

    def count_sentence(self) -> None:
        """Count one more complete sentence."""
        with self._lock:
            self._update(replace(self._state, sentences=self._state.sentences + 1))

    def _update(self, state: ProgressState) -> None:
        self._state = replace(state, elapsed_s=self._clock() - self._started_s)
        self.show(self._state.log_line(), self._state.bar_description(), self._state.done, self._state.total)
