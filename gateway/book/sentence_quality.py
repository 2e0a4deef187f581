"""Quality of the sentences of a book: those that may be spoken badly, judged by their audio alone. Pure.

Durations are compared with the estimate for the text, at the pace that the voice has in this book: the median of all
ratios. So a slow voice is not doubtful, and a sentence that lost half of its words is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from gateway.book.repeated_tail import repeated_tail_ms, repeats_its_end

SILENCE_DBFS = -50.0  #: below the breath of a voice, and above the noise of an engine
LONGEST_PAUSE_MS = 1500  #: within a sentence: three times that of a semicolon
CLIPPED_SAMPLES = 4  #: at full scale in a row: fewer are a loud vowel
SHORT, LONG = 0.5, 2.0  #: of the duration that the text would have at the book's pace
JUDGED_MS = 700  #: estimated: a shorter sentence has too few words to judge its pace
QUALITY_VERSION = 1  #: of the figures below: those that another version measured are measured again
_FULL_SCALE = 32768
_STEP_MS = 10


@dataclass(frozen=True, slots=True)
class SentenceAudio:
    """The figures of one sentence's audio."""

    spoken_ms: float  #: from the first sound to the last
    pause_ms: float  #: the longest silence between two sounds
    is_clipped: bool
    estimated_ms: float  #: of its text
    repeated_ms: int = 0  #: of its end that repeats the sound before it, where the text does not

    @property
    def pace(self) -> float:
        """The ratio of its duration to the estimate."""
        return self.spoken_ms / self.estimated_ms


def measure_sentence(pcm: bytes, rate_hz: int, estimated_ms: float, text: str = "") -> SentenceAudio:
    """Measure the audio of a text, s16le mono."""
    samples = np.frombuffer(pcm, "<i2").astype(np.int32)
    step = max(1, rate_hz * _STEP_MS // 1000)
    whole = np.abs(samples[: len(samples) // step * step]).reshape(-1, step)
    sounding = np.flatnonzero(whole.max(axis=1, initial=0) > _FULL_SCALE * 10 ** (SILENCE_DBFS / 20))
    if not sounding.size:
        return SentenceAudio(0.0, 0.0, is_clipped=False, estimated_ms=estimated_ms)
    gaps = np.diff(sounding) - 1
    spoken_ms = float(sounding[-1] - sounding[0] + 1) * _STEP_MS
    repeated_ms = 0 if repeats_its_end(text) else repeated_tail_ms(pcm, rate_hz)
    pause_ms = float(gaps.max(initial=0)) * _STEP_MS
    return SentenceAudio(spoken_ms, pause_ms, _is_clipped(samples), estimated_ms, repeated_ms)


def doubts_of(sentences: Sequence[SentenceAudio]) -> list[tuple[str, ...]]:
    """The reasons to doubt each sentence of a book; () for most."""
    paces = [one.pace for one in sentences if one.spoken_ms and one.estimated_ms >= JUDGED_MS]
    return [_doubts(one, median(paces) if paces else 1.0) for one in sentences]


def _doubts(one: SentenceAudio, pace: float) -> tuple[str, ...]:
    if not one.spoken_ms:
        return ("silent",)
    expected_ms, found = one.estimated_ms * pace, []
    if one.estimated_ms >= JUDGED_MS and not SHORT <= one.spoken_ms / expected_ms <= LONG:
        word = "short" if one.spoken_ms < expected_ms else "long"
        found.append(f"{word}: {one.spoken_ms / 1000:.1f} s instead of about {expected_ms / 1000:.1f} s")
    if one.pause_ms > LONGEST_PAUSE_MS:
        found.append(f"pause of {one.pause_ms / 1000:.1f} s inside")
    if one.repeated_ms:
        found.append(f"repeats its last {one.repeated_ms / 1000:.1f} s")
    return (*found, "clipped") if one.is_clipped else tuple(found)


def _is_clipped(samples: NDArray[np.int32]) -> bool:
    """True if enough samples in a row are at full scale."""
    full = (samples >= _FULL_SCALE - 1) | (samples <= -_FULL_SCALE)
    runs = np.convolve(full, np.ones(CLIPPED_SAMPLES, np.int32))
    return bool(runs.max(initial=0) >= CLIPPED_SAMPLES)
