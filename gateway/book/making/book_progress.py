"""The progress of a book being spoken: by chapter and whole, with its speed and the time left.

Amounts are durations of speech: estimated ones until a chapter is complete.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_MOST = 0.99  #: of a chapter that is longer than its estimate


@dataclass(slots=True)
class ChapterProgress:
    """The progress of one chapter; one run reports to it."""

    number: int  #: 1-based
    estimated_ms: float
    on_audio: Callable[[float], None]  #: called with the ms that were spoken now
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
        self.on_audio(ms)

    def count_sentence(self) -> None:
        """Do nothing: the audio counts."""

    def complete(self) -> None:
        """Note that all of the chapter is spoken."""
        self.is_complete, self.is_running = True, False


class BookPace:
    """The chapters of a run, and how fast they are spoken; thread-safe."""

    def __init__(
        self,
        estimates_ms: Sequence[tuple[int, float]],
        on_change: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin now; `estimates_ms`: the number of each chapter, and its estimated duration.

        `on_change` is called after each piece of audio, by one thread at a time.
        """
        self._lock, self._on_change, self._clock = threading.Lock(), on_change, clock
        self._started_s = clock()
        self.audio_ms = 0.0  #: spoken now
        self.chapters = [ChapterProgress(number, ms, self._add_audio) for number, ms in estimates_ms]

    @property
    def part(self) -> float:
        """The part of these chapters that is spoken, 0..1."""
        whole = sum(chapter.estimated_ms for chapter in self.chapters)
        return sum(chapter.part * chapter.estimated_ms for chapter in self.chapters) / max(1.0, whole)

    @property
    def n_complete(self) -> int:
        """The number of chapters that are spoken."""
        return sum(chapter.is_complete for chapter in self.chapters)

    @property
    def times_real_time(self) -> float:
        """Seconds of audio per second; 0: nothing is spoken yet."""
        elapsed_s = self._clock() - self._started_s
        return self.audio_ms / 1000 / elapsed_s if elapsed_s > 0 else 0.0

    @property
    def left_s(self) -> float | None:
        """The time that the rest takes at this speed; None: nothing is spoken yet."""
        speed = self.times_real_time
        left_ms = sum((1 - chapter.part) * chapter.estimated_ms for chapter in self.chapters)
        return left_ms / 1000 / speed if speed else None

    def _add_audio(self, ms: float) -> None:
        with self._lock:
            self.audio_ms += ms
            self._on_change()
