"""The recognised text of a sentence: what a recogniser of speech (Whisper, by faster-whisper) hears in its audio.

It is compared letter by letter, since a recogniser writes words in its own way. Numbers that it writes in digits are
read out first, as those of the text were. A run of letters that is not there, or that the text does not have, makes
the sentence doubtful; single words that are heard wrongly do not. A run that is as short as `not` may be either: there
the model says how probable it finds each word of the text in this audio, which is next to nothing for a word that is
missing, or behind one that is surplus (decisions/0078).
"""

from collections.abc import Callable
from difflib import SequenceMatcher
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import soxr  # type: ignore[import-untyped]  # the package ships no types

from seriatim.errors import BadInput, Misconfigured
from seriatim.text.languages import base_language
from seriatim.text.reading import read_sentence

RATE_HZ = 16_000  #: what Whisper hears
RUN_LETTERS = 8  #: in a row: a word or two; of 45 sentences by hibari, tiny.en missed 4 at most (decisions/0056)
SHORT_RUN_LETTERS = 2  #: of the shortest words that are looked for
#: of a token, where a short run counts: of good sentences 0.05 at least, and 0.02 at most where words are missing
UNLIKELY = 0.03
MEASURED_LANGUAGES = {"en"}  #: in which short runs count: how models are sure of others is not measured
LONGEST_S = 30.0  #: of audio that a model hears at a time
LEAST_RATIO = 0.5  #: of letters that are alike: of the same sentences 0.89, and of others in their place 0.33 at most
JUDGED_LETTERS = 16  #: a heading of a word or two is heard wrongly now and then: nothing before it tells what it is
_FULL_SCALE = 32768
Samples = np.ndarray[tuple[int], np.dtype[np.float32]]


class SpeechRecogniser:
    """A loaded model; it takes no notice of the sentences before."""

    def __init__(self, model: str, language: str) -> None:
        """Load a model: a folder, or a name that faster-whisper downloads, such as `small`.

        `language`: of all texts; "": not known, and what the model takes each sentence for.

        Raises:
            Misconfigured: faster-whisper is not installed.
            BadInput: there is no such model.
        """
        try:
            from faster_whisper import WhisperModel
        except ImportError:
            raise Misconfigured("--verify needs faster-whisper; install it: pip install faster-whisper") from None
        self._language = base_language(language) if language else None
        try:
            self._model: Any = WhisperModel(str(Path(model).expanduser()), device="auto", compute_type="int8")
        except (RuntimeError, ValueError, OSError) as error:
            raise BadInput(f"--verify {model}: no model of faster-whisper ({' '.join(str(error).split())})") from None

    def doubts(self, text: str, pcm: bytes, rate_hz: int) -> tuple[str, ...]:
        """The reasons to doubt the audio of a text, s16le mono, by what is heard in it; () for most."""
        if not pcm:
            return ()
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(_FULL_SCALE)
        samples = soxr.resample(samples, rate_hz, RATE_HZ)
        is_short = self._language in MEASURED_LANGUAGES and len(samples) <= LONGEST_S * RATE_HZ
        probability = partial(self._least_probability, text, samples) if is_short else _certain
        return text_doubts(text, self._text(samples), self._language or "en", probability)

    def _text(self, samples: Samples) -> str:
        segments, _ = self._model.transcribe(
            samples, language=self._language, beam_size=5, temperature=0.0, condition_on_previous_text=False
        )
        return " ".join(segment.text.strip() for segment in segments)

    def _least_probability(self, text: str, samples: Samples) -> float:
        """The probability of the least probable token of a text in this audio, each behind those before it; 0..1."""
        from faster_whisper.audio import pad_or_trim
        from faster_whisper.tokenizer import Tokenizer

        model = self._model
        tokens = Tokenizer(model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=self._language)
        features = model.feature_extractor(samples)
        sound = model.encode(pad_or_trim(features))
        (found,) = model.model.align(
            sound, tokens.sot_sequence, [tokens.encode(f" {text.strip()}")], features.shape[-1]
        )
        return float(min(found.text_token_probs, default=1.0))


def unchecked_words(language: str) -> str:
    """A line about the words that are not checked in a book's language ("": not known); "": all are."""
    if language and base_language(language) in MEASURED_LANGUAGES:
        return ""
    return (
        f"short words, such as 'not', are checked in English only; in {language or 'an unknown language'} "
        f"--verify finds {RUN_LETTERS} letters in a row, or more, that are missing or surplus"
    )


def _certain() -> float:
    """The probability of a text that is not looked at."""
    return 1.0


def text_doubts(
    text: str, recognised: str, language: str, probability: Callable[[], float] = _certain
) -> tuple[str, ...]:
    """The reasons to doubt a sentence in which a recogniser heard another text.

    `probability`: of the least probable token of the text in that audio.
    """
    expected, found = (_letters(read_sentence(one, language)) for one in (text, recognised))
    matcher = SequenceMatcher(None, expected, found, autojunk=False)
    missing, surplus = _longest_runs(matcher)
    run = max(missing, surplus)
    if found and len(expected) >= JUDGED_LETTERS and matcher.ratio() < LEAST_RATIO:
        doubt = "other words"
    elif run >= RUN_LETTERS:
        doubt = "words are missing" if missing >= surplus else "words are there that the text does not have"
    elif run >= SHORT_RUN_LETTERS and probability() < UNLIKELY:
        doubt = "a word is missing" if missing >= surplus else "a word is there that the text does not have"
    else:
        return ()
    return (f"{doubt}; heard: {recognised!r}",)


def _longest_runs(matcher: "SequenceMatcher[str]") -> tuple[int, int]:
    """The longest runs of letters that are missing, and surplus."""
    missing = surplus = 0
    for _, start, end, found_start, found_end in matcher.get_opcodes():
        alike = min(end - start, found_end - found_start)
        missing, surplus = max(missing, end - start - alike), max(surplus, found_end - found_start - alike)
    return missing, surplus


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())
