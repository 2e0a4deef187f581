"""Character times: when each character of a sentence is spoken, as ElevenLabs' clients expect it. Pure.

The characters of a word share its time; those between two words share the pause.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from seriatim.text.word_times import WordTime


@dataclass(frozen=True, slots=True)
class CharacterTimes:
    """The characters of a sentence, and where each of them starts and ends, in ms."""

    text: str
    marks_ms: tuple[float, ...]  #: start of each character, and the end of the last one

    def stream_alignment(self) -> dict[str, Any]:
        """The alignment of a WebSocket message, from the beginning of its audio."""
        starts = [round(ms) for ms in self.marks_ms]
        durations = [end - start for start, end in pairwise(starts)]
        return {"chars": list(self.text), "charStartTimesMs": starts[:-1], "charDurationsMs": durations}

    def alignment(self) -> dict[str, Any]:
        """The alignment of an HTTP answer."""
        seconds = [round(ms / 1000, 3) for ms in self.marks_ms]
        return {
            "characters": list(self.text), "character_start_times_seconds": seconds[:-1],
            "character_end_times_seconds": seconds[1:],
        }  # fmt: skip


def character_times(text: str, words: Sequence[WordTime], start_ms: float = 0.0) -> CharacterTimes:
    """The times of a text's characters by those of its words, whose sentence starts at `start_ms`."""
    places, times_ms = [0], [0.0]
    for word in words:
        for place, ms in ((word.at, word.start_ms), (word.at + len(word.text), word.end_ms)):
            if place > places[-1]:
                places.append(place)
                times_ms.append(max(ms, times_ms[-1]))
            else:
                times_ms[-1] = max(ms, times_ms[-1])
    if places[-1] < len(text):  # the mark behind the last word
        places.append(len(text))
        times_ms.append(times_ms[-1])
    marks = []
    for place, following, first_ms, last_ms in zip(places, places[1:], times_ms, times_ms[1:], strict=False):
        step_ms = (last_ms - first_ms) / (following - place)
        marks += [start_ms + first_ms + step_ms * n for n in range(following - place)]
    return CharacterTimes(text, (*marks, start_ms + times_ms[-1]))
