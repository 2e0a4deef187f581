"""Listeners of one engine: as many threads as it has slots, each asking for a sentence as soon as the last one ended.

They come one after another, each once the one before hears something, as listeners do: all at once would measure
nothing but the crowd at the door. When all are there, sound counts for a window of time, by when it comes. First
sounds count from the first listener on; sentences that have none yet when the window ends go on until they do, or else
the slow ones would be left out.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from seriatim.engine import Engine, Utterance
from seriatim.errors import EngineFailed
from workers.tune.figures import ProcessMeasurement
from workers.tune.memory_usage import peak_bytes, rss_bytes

PATIENCE = 2.0  #: windows that a listener waits for a first sound before the next one comes, or before it gives up


@dataclass(slots=True)
class ListenerNotes:
    """What one listener has noted; times in seconds of the monotonic clock. Written by its thread alone."""

    pieces: list[tuple[float, int]] = field(default_factory=list)  #: when a piece came, and its bytes
    firsts_ms: list[float] = field(default_factory=list)
    begun: int = 0
    failed: int = 0


class SimulatedListeners:
    """The listeners, who speak `utterances` by turns for windows of `window_s` seconds."""

    def __init__(self, engine: Engine, utterances: Iterator[Utterance], window_s: float) -> None:
        self._engine, self._utterances, self._window_s = engine, utterances, window_s
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._give_up_s = float("inf")
        self._notes: list[ListenerNotes] = []
        self._broken: Exception | None = None  #: what ended a listener's thread
        self._threads: list[threading.Thread] = []

    def gather(self) -> None:
        """Have them come, one after another."""
        for number in range(self._engine.slots):
            heard, notes = threading.Event(), ListenerNotes()
            thread = threading.Thread(target=self._listen, args=(notes, heard), name=f"listener {number}", daemon=True)
            self._notes.append(notes)
            self._threads.append(thread)
            thread.start()
            heard.wait(PATIENCE * self._window_s)

    def measure(self) -> ProcessMeasurement:
        """Let a window pass, and have them go."""
        began_s = time.monotonic()
        time.sleep(self._window_s)
        ended_s = time.monotonic()
        gpu_bytes = int(self._engine.gauges.get("gpu_memory_bytes", 0))
        self._give_up_s = ended_s + PATIENCE * self._window_s
        self._over.set()
        for thread in self._threads:
            thread.join()
        if self._broken is not None:  # a listener less is another measurement
            raise self._broken
        n_bytes = sum(n for notes in self._notes for at_s, n in notes.pieces if began_s <= at_s < ended_s)
        return ProcessMeasurement(
            firsts_ms=tuple(first for notes in self._notes for first in notes.firsts_ms),
            audio_s=n_bytes / 2 / self._engine.rate_hz,
            window_s=ended_s - began_s,
            sentences=sum(notes.begun for notes in self._notes),
            failed=sum(notes.failed for notes in self._notes),
            rss_bytes=rss_bytes(),
            peak_bytes=peak_bytes(),
            gpu_bytes=gpu_bytes,
        )

    def _listen(self, notes: ListenerNotes, heard: threading.Event) -> None:
        while not self._over.is_set():
            with self._lock:
                utterance = next(self._utterances)
            notes.begun += 1
            try:
                self._hear(utterance, notes, heard)
            except EngineFailed:
                notes.failed += 1
            except Exception as error:  # noqa: BLE001  # the thread's outermost call: it is raised in `measure`
                self._broken = error
                break
        heard.set()

    def _hear(self, utterance: Utterance, notes: ListenerNotes, heard: threading.Event) -> None:
        ordered_s, sounded = time.monotonic(), False

        def nobody_listens() -> bool:
            return self._over.is_set() and (sounded or time.monotonic() > self._give_up_s)

        for spoken in self._engine.speak(utterance, nobody_listens):
            if not spoken.pcm:
                continue
            now_s = time.monotonic()
            notes.pieces.append((now_s, len(spoken.pcm)))
            if not sounded:
                sounded = True
                notes.firsts_ms.append((now_s - ordered_s) * 1000)
                heard.set()
        if not sounded:
            notes.firsts_ms.append((time.monotonic() - ordered_s) * 1000)  # it waited at least so long
