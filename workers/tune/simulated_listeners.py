"""Simulated listeners of one engine: a thread per slot, each requesting a sentence as soon as the last one ended.

They start one after another, each once the previous one has audio, as real listeners do: starting all at once would
measure only the initial burst. Once all have started, audio is counted for a window of time, by its arrival. First
audio is measured from the first listener on; sentences without audio at the end of the window continue until they have
some, or else the slow ones would be left out.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from seriatim.engine import Engine, Utterance
from seriatim.errors import EngineFailed
from workers.tune.figures import ProcessMeasurement
from workers.tune.memory_usage import peak_bytes, rss_bytes

MAX_WAIT_WINDOWS = 2.0  #: windows to wait for first audio before the next listener starts, or before giving up


@dataclass(slots=True)
class ListenerNotes:
    """The record of one listener; times in seconds of the monotonic clock. Written by its thread alone."""

    chunks: list[tuple[float, int]] = field(default_factory=list)  #: arrival time and bytes of each chunk
    first_audio_ms: list[float] = field(default_factory=list)
    started: int = 0
    failed: int = 0


class SimulatedListeners:
    """The listeners, which request `utterances` in turn, for a window of `window_s` seconds."""

    def __init__(self, engine: Engine, utterances: Iterator[Utterance], window_s: float) -> None:
        self._engine, self._utterances, self._window_s = engine, utterances, window_s
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._give_up_s = float("inf")
        self._notes: list[ListenerNotes] = []
        self._error: Exception | None = None  #: the error that ended a listener's thread
        self._threads: list[threading.Thread] = []

    def start_listeners(self) -> None:
        """Start the listeners, one after another."""
        for number in range(self._engine.slots):
            has_sound, notes = threading.Event(), ListenerNotes()
            thread = threading.Thread(
                target=self._run_listener, args=(notes, has_sound), name=f"listener {number}", daemon=True
            )
            self._notes.append(notes)
            self._threads.append(thread)
            thread.start()
            has_sound.wait(MAX_WAIT_WINDOWS * self._window_s)

    def measure_window(self) -> ProcessMeasurement:
        """Measure for one window, then stop the listeners.

        Raises:
            Exception: what ended a listener's thread.
        """
        began_s = time.monotonic()
        time.sleep(self._window_s)
        ended_s = time.monotonic()
        gpu_bytes = int(self._engine.gauges.get("gpu_memory_bytes", 0))
        self._give_up_s = ended_s + MAX_WAIT_WINDOWS * self._window_s
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        if self._error is not None:  # a listener less is another measurement
            raise self._error
        n_bytes = sum(n for notes in self._notes for at_s, n in notes.chunks if began_s <= at_s < ended_s)
        return ProcessMeasurement(
            first_audio_ms=tuple(first for notes in self._notes for first in notes.first_audio_ms),
            audio_s=n_bytes / 2 / self._engine.rate_hz,
            window_s=ended_s - began_s,
            sentences=sum(notes.started for notes in self._notes),
            failed=sum(notes.failed for notes in self._notes),
            rss_bytes=rss_bytes(),
            peak_bytes=peak_bytes(),
            gpu_bytes=gpu_bytes,
        )

    def _run_listener(self, notes: ListenerNotes, has_sound: threading.Event) -> None:
        while not self._stopping.is_set():
            with self._lock:
                utterance = next(self._utterances)
            notes.started += 1
            try:
                self._speak_one(utterance, notes, has_sound)
            except EngineFailed:
                notes.failed += 1
            except Exception as error:  # noqa: BLE001  # the thread's outermost call: raised again in `measure_window`
                self._error = error
                break
        has_sound.set()

    def _speak_one(self, utterance: Utterance, notes: ListenerNotes, has_sound: threading.Event) -> None:
        requested_s, first_sound = time.monotonic(), False

        def is_cancelled() -> bool:
            return self._stopping.is_set() and (first_sound or time.monotonic() > self._give_up_s)

        for chunk in self._engine.speak(utterance, is_cancelled):
            if not chunk.pcm:
                continue
            now_s = time.monotonic()
            notes.chunks.append((now_s, len(chunk.pcm)))
            if not first_sound:
                first_sound = True
                notes.first_audio_ms.append((now_s - requested_s) * 1000)
                has_sound.set()
        if not first_sound:
            notes.first_audio_ms.append((time.monotonic() - requested_s) * 1000)  # it waited at least this long
