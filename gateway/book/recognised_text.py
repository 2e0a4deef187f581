"""The recognised text of a sentence: what a recogniser of speech (Whisper, by faster-whisper) hears in its audio.

It is compared letter by letter, since a recogniser writes words in its own way. Numbers that it writes in digits are
read out first, as those of the text were. A run of letters that is not there, or that the text does not have, makes
the sentence doubtful; single words that are heard wrongly do not.
"""

from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import numpy as np
import soxr  # type: ignore[import-untyped]  # the package ships no types

from seriatim.errors import BadInput, Misconfigured
from seriatim.text.reading import read_sentence

RATE_HZ = 16_000  #: what Whisper hears
RUN_LETTERS = 8  #: in a row: a word or two; of 45 sentences by hibari, tiny.en missed 4 at most (decisions/0056)
LEAST_RATIO = 0.5  #: of letters that are alike: of the same sentences 0.89, and of others in their place 0.33 at most
JUDGED_LETTERS = 16  #: a heading of a word or two is heard wrongly now and then: nothing before it tells what it is
_FULL_SCALE = 32768


class SpeechRecogniser:
    """A loaded model; it takes no notice of the sentences before."""

    def __init__(self, model: str, language: str) -> None:
        """Load a model: a folder, or a name that faster-whisper downloads, such as `small`.

        Raises:
            Misconfigured: faster-whisper is not installed.
            BadInput: there is no such model.
        """
        try:
            from faster_whisper import WhisperModel
        except ImportError:
            raise Misconfigured("--verify needs faster-whisper; install it: pip install faster-whisper") from None
        self._language = language.partition("-")[0].lower() or None
        try:
            self._model: Any = WhisperModel(str(Path(model).expanduser()), device="auto", compute_type="int8")
        except (RuntimeError, ValueError, OSError) as error:
            raise BadInput(f"--verify {model}: no model of faster-whisper ({' '.join(str(error).split())})") from None

    def doubts(self, text: str, pcm: bytes, rate_hz: int) -> tuple[str, ...]:
        """The reasons to doubt the audio of a text, s16le mono, by what is heard in it; () for most."""
        return text_doubts(text, self._text(pcm, rate_hz), self._language or "en") if pcm else ()

    def _text(self, pcm: bytes, rate_hz: int) -> str:
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(_FULL_SCALE)
        segments, _ = self._model.transcribe(
            soxr.resample(samples, rate_hz, RATE_HZ), language=self._language, beam_size=5, temperature=0.0,
            condition_on_previous_text=False,
        )  # fmt: skip
        return " ".join(segment.text.strip() for segment in segments)


def text_doubts(text: str, recognised: str, language: str) -> tuple[str, ...]:
    """The reasons to doubt a sentence in which a recogniser heard another text."""
    expected, found = (_letters(read_sentence(one, language)) for one in (text, recognised))
    matcher = SequenceMatcher(None, expected, found, autojunk=False)
    missing = surplus = 0
    for _, start, end, found_start, found_end in matcher.get_opcodes():
        alike = min(end - start, found_end - found_start)
        missing, surplus = max(missing, end - start - alike), max(surplus, found_end - found_start - alike)
    if found and len(expected) >= JUDGED_LETTERS and matcher.ratio() < LEAST_RATIO:
        doubt = "other words"
    elif max(missing, surplus) >= RUN_LETTERS:
        doubt = "words are missing" if missing >= surplus else "words are there that the text does not have"
    else:
        return ()
    return (f"{doubt}; heard: {recognised!r}",)


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())
