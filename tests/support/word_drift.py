"""Word drift: how far the times of words are from the silences that the sound has at marks."""

from itertools import pairwise

import numpy as np

from seriatim.text.word_times import word_spans
from workers.trim_and_fade import THRESHOLD

QUIET_MS = 20  #: of silence at least, around a pause between words
WordTimes = tuple[tuple[float, float], ...]

#: with pauses at most marks, in most voices
SENTENCES = (
    "The harbour lay still, and then, at six, the first ferry called twice.",
    "Nobody answered; nobody, that is, but the gulls, who never miss breakfast.",
    "It was cold, it was early, and he was, to be honest, not quite awake.",
)


def silences_ms(pcm: bytes, rate_hz: int, least_ms: float = QUIET_MS) -> list[tuple[float, float]]:
    """Start and end of each silence, the one before the first sound and the one behind the last included."""
    is_sound = np.abs(np.frombuffer(pcm, "<i2").astype(np.int32)) > THRESHOLD
    sounds = np.concatenate(([0], np.flatnonzero(is_sound), [len(is_sound)]))
    before = np.flatnonzero(np.diff(sounds) > least_ms * rate_hz / 1000)
    return [(float(sounds[i]) * 1000 / rate_hz, float(sounds[i + 1]) * 1000 / rate_hz) for i in before]


def drifts_at_marks(text: str, words: WordTimes, silences: list[tuple[float, float]]) -> list[float]:
    """Between words with a comma: from the end of one to the longest silence, and from there to the other's start."""
    drifts_ms: list[float] = []
    for (before, behind), (_, end) in zip(pairwise(words), word_spans(text), strict=False):
        middles = sum(before) / 2, sum(behind) / 2
        between = [each for each in silences if middles[0] < each[0] and each[1] < middles[1]]
        if text[end] in ",;" and between:
            first, last = max(between, key=lambda each: each[1] - each[0])
            drifts_ms += [abs(before[1] - first), abs(behind[0] - last)]
    return drifts_ms
