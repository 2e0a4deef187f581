"""The hibari engine: a small neural English voice, a hundred times as fast as it speaks on one core of a CPU.

One model serves all slots of a process: it lets go of the interpreter's lock, so that two threads speak on two cores.
The same sentence and seed give the same bytes in any thread, order or process, on one kind of processor (`pinned_model`
says what else must be the same). A sentence is one pass and one chunk, 10 ms for each second of it; a long one is
spoken in passes, so that memory stays bounded. hibari puts 0.3 s of silence before each pass and 0.5 s behind it, which
the worker trims (workers/trim_and_fade.py); between the passes of one sentence it is trimmed here.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import numpy as np

from seriatim.engine import AudioChunk, Continuity, Utterance
from seriatim.errors import BadInput, UnknownVoice
from seriatim.nearest_names import QUOTED_CHARS, unknown_word
from workers.engines.engine_options import OptionInfo, read_options
from workers.engines.hibari import ABILITIES
from workers.engines.hibari.english_phonemes import EnglishPhonemes
from workers.engines.hibari.phoneme_speech import PhonemeSpeech, speak_phonemes
from workers.engines.hibari.pinned_model import (
    check_release,
    is_british,
    load_model,
    use_numpy_fft,
    voice_files,
    voice_of,
)
from workers.engines.hibari.pronunciation import pieces
from workers.engines.phoneme_durations import fit_to_sound, word_times
from workers.trim_and_fade import trim_pass

RATE_HZ = 24_000
LIMIT_CHARS = 400  #: mostly one pass: an English character is a phoneme or less
KEPT_WORDS = 4096  #: whose phonemes are kept, for the times of words: a text has most of its words often
JOINT_MS = 120  #: between two passes of one sentence, beside the 60 that the filter leaves: as at a comma


@dataclass(frozen=True, slots=True)
class HibariOptions:
    """The hibari engine's options."""

    slots: Annotated[int, OptionInfo("sentences spoken at once, by threads that share one model", 1, 64)] = 1
    voices: Annotated[str, OptionInfo("a folder with more voices of hibari, as their author publishes them")] = ""


class HibariEngine:
    """The engine; thread-safe."""

    name = "hibari"
    rate_hz = RATE_HZ
    continuity = Continuity.EXACT
    limit_chars = LIMIT_CHARS
    limits: Mapping[str, int] = MappingProxyType({})
    gauges: Mapping[str, float] = MappingProxyType({})
    merge_chars = 0
    rtf = 0.011
    abilities = ABILITIES

    def __init__(self, options: HibariOptions) -> None:
        use_numpy_fft()
        check_release()
        self.slots = options.slots
        files = voice_files(Path(options.voices).expanduser() if options.voices else None)
        self._voices = {name: _HibariVoice(name, path) for name, path in files.items()}
        self.voices = tuple(map(voice_of, files))

    def speak(self, utterance: Utterance, cancelled: Callable[[], bool]) -> Iterator[AudioChunk]:
        """See `seriatim.engine.Engine.speak`.

        Raises:
            UnknownVoice, UnknownLanguage, UnknownOption: hibari cannot speak the utterance as it is asked for.
            BadInput: there are words in it that hibari cannot read, or none.
        """
        self.abilities.check(utterance.language, utterance.speed, utterance.options)
        voice = self._voices.get(utterance.voice or self.voices[0].name)
        if voice is None:
            raise UnknownVoice(unknown_word("hibari voice", utterance.voice, self._voices))
        parts = list(pieces(voice.phonemes(utterance.text, utterance.pronunciations)))
        if not parts:
            raise BadInput(
                f"the hibari engine has no sound for {utterance.text[:QUOTED_CHARS]!r}: skip it with gap=skip"
            )
        noise = np.random.default_rng(utterance.seed)
        for n, part in enumerate(parts, 1):
            if cancelled():
                return
            speech = voice.speech(part, utterance.speed, noise)
            if len(parts) == 1:
                words = word_times(utterance.text, speech.phonemes, speech.durations_ms, voice.phonemes_alone)
                yield AudioChunk(speech.pcm, last=True, words=fit_to_sound(words, speech.pcm, RATE_HZ))
                return
            joint_ms = JOINT_MS if n < len(parts) else 0
            yield AudioChunk(trim_pass(speech.pcm, RATE_HZ, joint_ms), last=n == len(parts))

    def close(self) -> None:
        """Free the models."""
        self._voices.clear()


class _HibariVoice:
    """One voice's model, with its pronunciation."""

    def __init__(self, name: str, path: Path) -> None:
        self.phonemes = EnglishPhonemes("hibari", british=is_british(name))
        self._model = load_model(path)
        self.phonemes_alone = lru_cache(KEPT_WORDS)(self._phonemes_alone)

    def speech(self, phonemes: str, speed: float, noise: np.random.Generator) -> PhonemeSpeech:
        """Speak phonemes; the model leaves out those that it does not have."""
        return speak_phonemes(self._model, phonemes, speed, noise)

    def _phonemes_alone(self, word: str) -> str:
        """The phonemes of a word; "" if hibari cannot read it alone."""
        try:
            return self.phonemes(word)
        except BadInput:
            return ""


def load(values: Mapping[str, str]) -> HibariEngine:
    """The hibari engine with `values` as options.

    Raises:
        UnknownOption: an option that it does not have, or a value outside its range.
        EngineUnavailable: another release or model than the pinned one, or a folder without voices.
    """
    return HibariEngine(read_options(HibariOptions, "hibari", values))
