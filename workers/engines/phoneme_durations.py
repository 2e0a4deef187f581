"""Phoneme durations into word times: which phonemes of a sentence are those of which word of its text. Pure.

A neural engine's model knows how long it makes each phoneme. Its phonemes have a space where the text has one, but one
word of the text may become several ("25", "e.g."), two words one, and a sign none. So groups of phonemes between spaces
are counted for the sentence and, where the counts differ, for each word alone; where they still differ, the phonemes of
the words are matched with those of the sentence (phoneme_alignment.py). If they do not fit, the times are unknown.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise

import numpy as np

from seriatim.text.word_times import word_spans
from workers.engines.phoneme_alignment import align_words
from workers.trim_and_fade import THRESHOLD

#: shorter silences are no pause: the closure of a stop, of 50 to 100 ms, is part of it; a comma has 200 and more
SILENCE_MS = 120
#: by which a phoneme's sound begins before its frames, each of which stands for 50 ms of sound about its time. At the
#: first phoneme of a sentence, whose start is known, it was 28 ms (60 sentences of hibari) and 30 ms (20 of Kokoro)
EARLY_MS = 25
_READ_OTHERWISE = re.compile(r"[\d@#%&+=/$€£°-]|\.\w")  #: in words that may be read as several, such as 25 or e.g.
WordTimes = tuple[tuple[float, float], ...]


def frame_durations_ms(frames: Sequence[float], length_ms: float) -> tuple[float, ...]:
    """How long each phoneme sounds, by a model of StyleTTS2's kind, which gives each a number of frames.

    Args:
        frames: of the silence before the phonemes, of each, and of the silence behind.
        length_ms: of all of them.
    """
    frame_ms = length_ms / (sum(frames) or 1.0)
    before, *others = (n * frame_ms for n in frames)
    early_ms = min(EARLY_MS, before)
    return (before - early_ms, *others[:-1], others[-1] + early_ms)


def word_times(text: str, phonemes: str, durations_ms: Sequence[float], phonemes_of: Callable[[str], str]) -> WordTimes:
    """Start and end of each word of `text` in ms; () if they are unknown.

    Args:
        text: the sentence that was spoken.
        phonemes: one character each, with spaces between words.
        durations_ms: of each of them, and of the silence before the first one.
        phonemes_of: the phonemes of a word of the text alone, with the marks behind it; "" if it has none.
    """
    if not durations_ms:
        return ()
    ends_ms = list(accumulate(durations_ms))
    return tuple((ends_ms[first], ends_ms[behind]) for first, behind in _word_phonemes(text, phonemes, phonemes_of))


def _word_phonemes(text: str, phonemes: str, phonemes_of: Callable[[str], str]) -> list[tuple[int, int]]:
    """The first phoneme of each word, and the one behind its last; [] if they fit no words."""
    groups = phoneme_groups(phonemes)
    starts = [start for start, _ in word_spans(text)]
    is_even = len(groups) == len(starts)
    if is_even and not _READ_OTHERWISE.search(text):
        return groups
    alone = [phonemes_of(text[start:behind]) for start, behind in pairwise([*starts, len(text)])]
    counts = [len(phoneme_groups(word)) for word in alone]
    if not groups or 0 in counts:
        return groups if is_even else []
    if sum(counts) != len(groups):
        return align_words(alone, phonemes)
    firsts = [0, *accumulate(counts)]
    return [(groups[first][0], groups[first + n - 1][1]) for first, n in zip(firsts, counts, strict=False)]


def begin_with_spaces(text: str, times: WordTimes) -> WordTimes:
    """Word times in which a word begins with the space before it; where there is a mark, with its own phonemes.

    For an engine whose sound is not there yet; a model counts a word's onset to the space, see `fit_to_sound`.
    """
    gaps = [text[end:start] for (_, end), (start, _) in pairwise(word_spans(text))]
    behind = zip(gaps, times, times[1:], strict=False)
    return (*times[:1], *((before[1] if gap.isspace() else word[0], word[1]) for gap, before, word in behind))


def fit_to_sound(times: WordTimes, pcm: bytes, rate_hz: int) -> WordTimes:
    """Word times that begin and end with the sound where there is silence between words.

    A model counts silence among a word's last phonemes, and the onset of the next word to the mark or the space before
    it. Without silence between two words the space is the onset of the second one: counted apart, it makes words of
    hibari and Kokoro start 50 ms late in the median (bench/text/word_drift.py).

    Args:
        times: of all words of the sentence.
        pcm: s16le mono, all of the sentence's.
        rate_hz: of `pcm`.
    """
    runs = _sounding_runs(pcm, rate_hz)
    times = _with_spaces(times, runs)
    length_ms = len(pcm) / 2 / rate_hz * 1000
    befores, behinds = [0.0, *(end for _, end in times)], [*(start for start, _ in times[1:]), length_ms]
    return tuple(
        (_onset(runs, before, word), _end(runs, word, behind))
        for word, before, behind in zip(times, befores, behinds, strict=False)
    )


def _with_spaces(times: WordTimes, runs: WordTimes) -> WordTimes:
    """Word times in which a word begins with the space before it, unless there is silence."""
    ends_ms = (end for _, end in times)
    joined = [
        (behind if any(first <= behind and start <= last for first, last in runs) else start, end)
        for behind, (start, end) in zip(ends_ms, times[1:], strict=False)
    ]
    return (*times[:1], *joined)


def _sounding_runs(pcm: bytes, rate_hz: int) -> WordTimes:
    """Start and end of each stretch of sound, in ms; shorter silences than SILENCE_MS are part of it."""
    sounds = np.flatnonzero(np.abs(np.frombuffer(pcm, "<i2").astype(np.int32)) > THRESHOLD) / (rate_hz / 1000)
    stretches = np.split(sounds, np.flatnonzero(np.diff(sounds) > SILENCE_MS) + 1)
    return tuple((float(each[0]), float(each[-1])) for each in stretches if len(each))


def _onset(runs: WordTimes, before_ms: float, word: tuple[float, float]) -> float:
    """The start of a word in sound; the word before it ends at `before_ms` by the model."""
    start_ms, end_ms = word
    for first_ms, last_ms in runs:
        if first_ms <= start_ms <= last_ms:
            return first_ms if first_ms > before_ms else start_ms
        if start_ms < first_ms < end_ms:
            return first_ms
    return start_ms


def _end(runs: WordTimes, word: tuple[float, float], behind_ms: float) -> float:
    """The end of a word in sound; the word behind it starts at `behind_ms` by the model."""
    start_ms, end_ms = word
    for first_ms, last_ms in reversed(runs):
        if first_ms <= end_ms <= last_ms:
            return min(last_ms, behind_ms)
        if start_ms < last_ms < end_ms:
            return last_ms
    return end_ms


def phoneme_groups(phonemes: str) -> list[tuple[int, int]]:
    """The first phoneme of each group between spaces, and the one behind its last; 0-based, without marks around it."""
    groups = []
    for group in re.finditer(r"[^ ]+", phonemes):
        sounding = [
            i for i, char in enumerate(group[0], group.start()) if char.isalpha() or unicodedata.combining(char)
        ]  # stress marks are letters, too; a tilde makes a vowel nasal, and may have an id of its own
        if sounding:
            groups.append((sounding[0], sounding[-1] + 1))
    return groups
