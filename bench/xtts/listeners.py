"""The most listeners that hear an engine at playback pace: bisection, for GPUs.

A listener comes, asks for a text of some sentences, plays it as it arrives, and asks for the next sentence as soon as
the last one is there and less than `AHEAD_MS` lies in the buffer. When the text is heard the next listener takes the
place. A number of listeners is served if 99 % of the texts had no silence longer than 100 ms (C100) and 95 % of the
first sounds came within 500 ms.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

from bench.load.player import Player
from bench.xtts.figures import Figure
from seriatim.engine import Engine, Utterance
from workers.tune.figures import percentile
from workers.tune.simulated_listeners import SimulatedListeners
from workers.tune.test_sentences import endless_utterances

AHEAD_MS = 8000.0  #: of sound in a listener's buffer, as the window of a pool would allow
TEXT = 4  #: sentences that a listener hears
SILENCE_S, C100, FIRST_MS = 0.1, 0.99, 500.0
AIM = 150.0
POLL_S = 0.005


@dataclass(slots=True)
class Texts:
    """What listeners have heard: a first sound in ms, and the longest silence in s, for each text."""

    firsts_ms: list[float] = field(default_factory=list)
    silences_s: list[float] = field(default_factory=list)

    @property
    def served(self) -> bool:
        """Did every listener get its first sound in time, and no silence?"""
        if not self.firsts_ms:
            return False
        calm = sum(silence <= SILENCE_S for silence in self.silences_s) / len(self.silences_s)
        return calm >= C100 and percentile(self.firsts_ms, 95) <= FIRST_MS


def figures(engine: Engine, texts: tuple[str, ...], seconds: float) -> list[Figure]:
    """Sound a second with all slots busy, and the most listeners."""
    listeners = SimulatedListeners(engine, endless_utterances(engine, texts, "en", 0), seconds)
    listeners.start_listeners()
    window = listeners.measure_window()
    rate = window.audio_s / window.window_s
    most = bisected(lambda n: listen(engine, texts, n, seconds).served, engine.slots)
    return [
        Figure.at_least("seconds of sound a second, all slots busy", AIM, rate, f"{engine.slots} slots"),
        Figure.at_least("listeners at playback pace", AIM, most, "C100 >= 99 %, first audio p95 <= 500 ms"),
    ]


def bisected(served: Callable[[int], bool], most: int) -> int:
    """The largest number from 0 to `most` that is served, if fewer are where more are."""
    low, high = 0, most + 1
    while high - low > max(1, low // 32):  # 3 % is as exact as it is repeatable
        middle = (low + high) // 2
        low, high = (middle, high) if served(middle) else (low, middle)
    return low


def listen(engine: Engine, texts: tuple[str, ...], n: int, seconds: float) -> Texts:
    """Have `n` listeners hear texts until `seconds` are over; they come spread over a fifth of that."""
    window, lock, numbers, over = Texts(), threading.Lock(), count(), threading.Event()

    def listener(place: int) -> None:
        over.wait(seconds / 5 * place / n)
        while not over.is_set():
            with lock:
                number = next(numbers)
            first_ms, silence_s = _text(engine, endless_utterances(engine, texts, "en", number), over)
            with lock:
                window.firsts_ms.append(first_ms)
                window.silences_s.append(silence_s)

    threads = [threading.Thread(target=listener, args=(place,), daemon=True) for place in range(n)]
    for thread in threads:
        thread.start()
    over.wait(seconds)
    over.set()
    for thread in threads:
        thread.join()
    return window


def _text(engine: Engine, sentences: Iterator[Utterance], over: threading.Event) -> tuple[float, float]:
    """One text: its first sound in ms, and its longest silence in s."""
    player, began_s, first_ms = Player(), time.monotonic(), 0.0
    for _ in range(TEXT):
        while _ahead_ms(player) > AHEAD_MS and not over.is_set():
            time.sleep(POLL_S)
        if over.is_set() and first_ms:
            break
        next_utterance = next(sentences)
        led = Utterance(
            next_utterance.text,
            next_utterance.voice,
            next_utterance.language,
            seed=next_utterance.seed,
            lead_ms=int(_ahead_ms(player)),
        )
        for piece in engine.speak(led, lambda: False):
            if piece.pcm:
                at_s = time.monotonic()
                first_ms = first_ms or (at_s - began_s) * 1000
                player.take(at_s, len(piece.pcm) / 2 / engine.rate_hz * 1000)
    player.stop(time.monotonic(), more=False)
    silences = [to_s - from_s for from_s, to_s in player.stalls]
    return first_ms or (time.monotonic() - began_s) * 1000, max(silences, default=0.0)


def _ahead_ms(player: Player) -> float:
    if player.dry_s is None:
        return player.got_ms
    return max(0.0, (player.dry_s - time.monotonic()) * 1000)
