"""Forced aligner: where the words of a sentence are in its sound, by PocketSphinx, which is given the words.

It searches nothing but their times, in steps of 10 ms, and so is nearer than a recogniser's guess, for voices that
speak plain English words.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from pocketsphinx import Decoder

from seriatim.text.word_times import word_spans
from tests.listening.recogniser import RATE_HZ, RecognisedWord, Samples

FRAME_MS = 10
_FILLER = re.compile(r"<.*>|\[.*\]")  #: silence and noise
_VARIANT = re.compile(r"\(\d+\)$")  #: of a word's pronunciation


@dataclass(slots=True)
class ForcedAligner:
    """A loaded model of American English."""

    _decoder: Any = field(default_factory=lambda: Decoder(samprate=RATE_HZ, bestpath=False, loglevel="FATAL"))

    def word_times(self, samples: Samples, text: str) -> list[RecognisedWord]:
        """The words of a recording of `text`; [] where one is not in the dictionary, or they do not fit the sound."""
        words = [text[start:end].lower() for start, end in word_spans(text)]
        if not all(self._decoder.lookup_word(word) for word in words):
            return []
        self._decoder.set_align_text(" ".join(words))
        self._decoder.start_utt()
        self._decoder.process_raw((samples * 32767).astype("<i2").tobytes(), full_utt=True)
        self._decoder.end_utt()
        if self._decoder.hyp() is None:
            return []
        found = [segment for segment in self._decoder.seg() if not _FILLER.fullmatch(segment.word)]
        return [
            RecognisedWord(
                _VARIANT.sub("", segment.word), segment.start_frame * FRAME_MS, (segment.end_frame + 1) * FRAME_MS
            )
            for segment in found
        ]
