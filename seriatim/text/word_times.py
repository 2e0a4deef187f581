"""Word times: when each word of a sentence is spoken, as its engine knows, or as the duration of its letters suggests.

A word is a run of characters between spaces, in Chinese and Japanese a single character, without the marks around it
that only make a pause. Times are in milliseconds from the first byte of the sentence's audio. An engine's times travel
in the ordered stream as `<start>+<duration>` for each word, separated by spaces, in the order of `word_spans`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from seriatim.text.duration_estimate import char_ms

LEAD_MS = 20  #: silence before the first sound, which workers/trim_and_fade.py keeps
FINAL_PAUSE_MS = 350  #: between two sentences: the tail of the first one and the pause after it
_SINGLE = "\u3041-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  #: one, one word
_TOKEN = re.compile(rf"[{_SINGLE}]|[^\s{_SINGLE}]+")
PAUSE_MARKS = "\"'()[]{}«»‹›“”„‘’‚¿¡,;:.!?…—–-،、，；：。！？।॥؟۔「」『』（）"  #: marks at the edge of a word
_FINAL = re.compile(r"[.!?…。！？।॥؟۔]\W*$")
_ENCODED = re.compile(r"\d{1,9}\+\d{1,9}(?: \d{1,9}\+\d{1,9})*", re.ASCII)


@dataclass(frozen=True, slots=True)
class WordTime:
    """One word of a sentence."""

    at: int  #: index of its first character in the sentence's text
    text: str
    start_ms: int
    end_ms: int


def word_spans(text: str) -> list[tuple[int, int]]:
    """The first character of each word, and the one behind its last; 0-based."""
    spans = []
    for token in _TOKEN.finditer(text):
        word = token[0].strip(PAUSE_MARKS)
        if word:
            start = token.start() + token[0].index(word)
            spans.append((start, start + len(word)))
    return spans


def estimate_length_ms(text: str) -> float:
    """The duration of a sentence with the pause after it, at the normal speed."""
    return LEAD_MS + sum(_char_durations(text))


def estimate_word_times(text: str, length_ms: float) -> tuple[WordTime, ...]:
    """The words of a sentence that lasts `length_ms` with the pause after it, each with its share of that."""
    durations = _char_durations(text)
    factor = max(0.0, length_ms - LEAD_MS) / (sum(durations) or 1.0)
    marks_ms = [LEAD_MS + ms * factor for ms in accumulate(durations, initial=0.0)]
    spans = word_spans(text)
    ends = [end for _, end in spans]
    for i, ((_, end), (following, _)) in enumerate(pairwise(spans)):
        if not text[end:following].strip():  # words with nothing but a space between them have no pause there
            ends[i] = following
    return tuple(
        WordTime(start, text[start:last], round(marks_ms[start]), round(marks_ms[end]))
        for (start, last), end in zip(spans, ends, strict=True)
    )


def encode_word_times(times: Sequence[tuple[int, int]]) -> str:
    """Encode the start and end of each word, in ms, for the ordered stream."""
    return " ".join(f"{start}+{end - start}" for start, end in times)


def decode_word_times(text: str, encoded: str) -> tuple[WordTime, ...]:
    """The words of a sentence with an engine's times; () if the times are not those of this text."""
    spans = word_spans(text)
    if not _ENCODED.fullmatch(encoded) or encoded.count(" ") + 1 != len(spans):
        return ()
    times = [tuple(map(int, time.split("+"))) for time in encoded.split(" ")]
    return tuple(
        WordTime(start, text[start:end], at_ms, at_ms + lasts_ms)
        for (start, end), (at_ms, lasts_ms) in zip(spans, times, strict=True)
    )


def _char_durations(text: str) -> list[float]:
    durations: list[float] = [char_ms(char) for char in text]
    if final := _FINAL.search(text):
        durations[final.start()] = FINAL_PAUSE_MS
        durations[final.start() + 1 :] = [0.0] * (len(text) - final.start() - 1)
    return durations
