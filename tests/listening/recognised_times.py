"""Recognised times: how far the times of words are from those at which a recogniser hears them.

The recogniser is off, too. Its own error is measured with sound whose words begin at known times: the words of a
sentence, each spoken alone, trimmed, and set between silences.
"""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from statistics import median

import numpy as np

from seriatim.engine import Engine, Utterance
from seriatim.text.word_times import word_spans
from tests.listening.recogniser import RecognisedWord
from workers.trim_and_fade import THRESHOLD

GAP_MS = 250  #: between two words of a sound with known times
LEAD_MS = 500  #: before the first one: Whisper starts many first words at 0

WordTimes = Sequence[tuple[float, float]]  #: start and end of each word, in ms


def speak(engine: Engine, utterance: Utterance) -> tuple[bytes, WordTimes]:
    """The sound of a sentence, and the times of its words as the engine knows them; () if it does not."""
    chunks = list(engine.speak(utterance, lambda: False))
    return b"".join(chunk.pcm for chunk in chunks), next((chunk.words for chunk in chunks if chunk.words), ())


def speak_apart(engine: Engine, utterance: Utterance, words: Sequence[str]) -> tuple[bytes, WordTimes]:
    """The sound of words that are spoken one by one, and the times at which they really start and end."""
    sound, times = b"", []
    for word in words:
        pcm, _ = speak(engine, Utterance(word, utterance.voice, utterance.language))
        start_ms = len(sound) / 2 / engine.rate_hz * 1000
        sound += trimmed(pcm)
        times.append((start_ms, len(sound) / 2 / engine.rate_hz * 1000))
        sound += _silence(engine, GAP_MS)
    return sound, times


def trimmed(pcm: bytes) -> bytes:
    """A sound from its first sample that is no silence to its last."""
    samples = np.frombuffer(pcm, "<i2")
    (loud,) = np.nonzero(np.abs(samples.astype(np.int32)) > THRESHOLD)
    return samples[loud[0] : loud[-1] + 1].tobytes() if len(loud) else b""


def lead_in(engine: Engine, pcm: bytes, times: WordTimes) -> tuple[bytes, WordTimes]:
    """A sound behind LEAD_MS of silence, and the times of its words in that."""
    return _silence(engine, LEAD_MS) + pcm, [(start + LEAD_MS, end + LEAD_MS) for start, end in times]


def drifts_ms(text: str, times: WordTimes, recognised: Sequence[RecognisedWord]) -> list[float]:
    """From where a recogniser hears words to where they are said to start, for those that it writes as the text does.

    The first and the last word do not count: a recogniser has their outer edges from a silence alone.
    """
    expected = [_plain(text[start:end]) for start, end in word_spans(text)]
    matcher = SequenceMatcher(None, expected, [_plain(word.text) for word in recognised], autojunk=False)
    pairs = [(block.a + i, block.b + i) for block in matcher.get_matching_blocks() for i in range(block.size)]
    inner = range(1, len(expected) - 1)
    return [times[ours][0] - recognised[other].start_ms for ours, other in pairs if ours in inner]


def spread(drifts: Sequence[float]) -> tuple[float, float, float]:
    """The median of drifts, the 95th percentile of their amounts, and that of their distances from the median."""
    middle = median(drifts)
    p95 = [float(np.percentile(np.abs(np.asarray(drifts) - shift), 95)) for shift in (0.0, middle)]
    return middle, p95[0], p95[1]


def _silence(engine: Engine, ms: float) -> bytes:
    return bytes(2 * round(engine.rate_hz * ms / 1000))


def _plain(word: str) -> str:
    return re.sub(r"[^\w]", "", word.lower())
