"""Word timing: the words of the sentences of one stream with their times, while the stream is read. Pure.

When a sentence begins, its length is unknown: without an engine's times, its words share an estimated length, which is
corrected by the lengths of the sentences before it. The times of what follows a sentence are exact in any case.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from seriatim.audio.pcm import ms_of_bytes
from seriatim.stream_entries import SentenceStart
from seriatim.text.word_times import WordTime, decode_word_times, estimate_length_ms, estimate_word_times

Source = Literal["engine", "estimate"]
LEAST_JUDGED_MS = 500  #: estimated length of a sentence from which the next estimates are corrected


def timed_words(sentence: SentenceStart, length_ms: float) -> tuple[tuple[WordTime, ...], Source]:
    """The words of a sentence of a known or estimated length, in ms from its beginning, and where they come from."""
    if words := decode_word_times(sentence.text, sentence.words):
        return words, "engine"
    return estimate_word_times(sentence.text, length_ms), "estimate"


def word_rows(words: Sequence[WordTime], source: Source) -> dict[str, Any]:
    """The fields of a message about a sentence."""
    rows = [{"text": word.text, "start_ms": word.start_ms, "end_ms": word.end_ms} for word in words]
    return {"words": rows, "words_from": source}


@dataclass(slots=True)
class WordTiming:
    """The words of one stream."""

    words: tuple[WordTime, ...] = ()  #: of the current sentence, in ms from its beginning
    source: Source = "estimate"
    sentence: SentenceStart | None = None
    rate_hz: int = 0
    pace: float = 1.0  #: real length over estimated length of the sentences so far
    _estimated_ms: float = 0.0
    _real_ms: float = 0.0

    def begin(self, sentence: SentenceStart, rate_hz: int) -> dict[str, Any]:
        """Take the start of a sentence in audio of `rate_hz`; returns the fields of its words."""
        self._judge(sentence, rate_hz)
        self.sentence, self.rate_hz = sentence, rate_hz
        self.words, self.source = timed_words(sentence, self.pace * estimate_length_ms(sentence.text))
        return word_rows(self.words, self.source)

    def _judge(self, following: SentenceStart, rate_hz: int) -> None:
        """Correct the pace by the real length of the sentence before `following`."""
        last = self.sentence
        if last is None or not rate_hz or following.seq != last.seq + 1:
            return
        estimated_ms = estimate_length_ms(last.text)
        if estimated_ms >= LEAST_JUDGED_MS and following.at > last.at:
            self._estimated_ms += estimated_ms
            self._real_ms += ms_of_bytes(following.at - last.at, rate_hz)
            self.pace = self._real_ms / self._estimated_ms
