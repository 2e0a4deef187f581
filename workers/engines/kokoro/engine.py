"""The kokoro engine: Kokoro-82M on CPUs, all its voices and their blends, from files in a folder.

One model serves all slots of a process. The same sentence gives the same bytes in any process on one kind of
processor; there is no noise in the model, so that seeds change nothing. A sentence with more phonemes than the model
takes is spoken in passes, cut at its strongest marks. Kokoro puts silence around each pass, which the worker trims
(workers/trim_and_fade.py); between the passes of one sentence it is trimmed here.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import numpy as np

from seriatim.engine import AudioChunk, Continuity, Utterance, Voice
from seriatim.engine_abilities import Abilities
from seriatim.errors import BadInput, EngineUnavailable, UnknownLanguage, UnknownVoice
from seriatim.nearest_names import QUOTED_CHARS, unknown_word
from seriatim.text.languages import base_language
from seriatim.voice_blend import VoicePart, parse_blend
from workers.engines.engine_options import OptionInfo, read_options
from workers.engines.hibari.pinned_model import vocabulary
from workers.engines.hibari.pronunciation import pieces
from workers.engines.kokoro.foreign_words import FrontEnd
from workers.engines.kokoro.front_ends import LANGUAGES, FrontEnds, missing_packages
from workers.engines.kokoro.kokoro_model import MOST_TOKENS, RATE_HZ, KokoroModel
from workers.engines.kokoro.model_files import ADVICE, Styles, model_file, voice_styles
from workers.engines.phoneme_durations import fit_to_sound, word_times
from workers.trim_and_fade import trim_pass

LIMIT_CHARS = 400  #: mostly one pass: an English character is a phoneme or less
LIMITS = {"ja": 180, "zh": 100}  #: likewise; a kana has two or three phonemes, a Chinese character five with its tone
JOINT_MS = 120  #: between two passes of one sentence, as at a comma
DEFAULT_VOICE = "af_heart"  #: where it is there: the one that its authors grade best
GENDERS = {"f": "female", "m": "male"}


@dataclass(frozen=True, slots=True)
class KokoroOptions:
    """The kokoro engine's options."""

    folder: Annotated[str, OptionInfo("the folder with the model and the voices of Kokoro-82M; needed")] = ""
    model: Annotated[str, OptionInfo("the model in it, if it has several, such as kokoro-v1.0.int8.onnx")] = ""
    slots: Annotated[int, OptionInfo("sentences spoken at once, by threads that share one model", 1, 64)] = 1
    threads: Annotated[int, OptionInfo("cores for one sentence; the same for all workers of a pool", 1, 64)] = 1


class KokoroEngine:
    """The engine; thread-safe."""

    name = "kokoro"
    rate_hz = RATE_HZ
    continuity = Continuity.EXACT
    limit_chars = LIMIT_CHARS
    limits: Mapping[str, int] = MappingProxyType(LIMITS)
    gauges: Mapping[str, float] = MappingProxyType({})
    merge_chars = 0
    rtf = 0.7

    def __init__(self, options: KokoroOptions) -> None:
        if not options.folder:
            raise EngineUnavailable(f"the kokoro engine needs its files: --engine-option folder=DIR; {ADVICE}")
        folder = Path(options.folder).expanduser()
        self.slots = options.slots
        self._styles = voice_styles(folder)
        self._model = KokoroModel(model_file(folder, options.model), options.threads)
        self._numbers = vocabulary()
        self._front_ends = FrontEnds()
        self.abilities = Abilities("kokoro", self._front_ends.languages, speeds=(0.5, 2.0), blends=True, phonemes=True)
        first = [DEFAULT_VOICE] if DEFAULT_VOICE in self._styles else []
        self.voices = tuple(_voice_of(name) for name in dict.fromkeys([*first, *_english_first(self._styles)]))

    def speak(self, utterance: Utterance, cancelled: Callable[[], bool]) -> Iterator[AudioChunk]:
        """See `seriatim.engine.Engine.speak`.

        Raises:
            UnknownVoice, UnknownLanguage, UnknownOption: Kokoro cannot speak the utterance as it is asked for.
            BadInput: there are words in it that are not of its language, or none.
        """
        self.abilities.check(utterance.language, utterance.speed, utterance.options)
        blend = self._blend(utterance.voice or self._default_voice(utterance.language))
        own = LANGUAGES.get(blend[0].name[0], "en") if utterance.voice else "en"
        language = utterance.language or own
        front_end = self._front_end(language, blend[0].name)
        parts = self._read_parts(utterance, front_end)
        styles = self._mixed(blend)
        for n, part in enumerate(parts, 1):
            if cancelled():
                return
            speech = self._model.speak([self._numbers[mark] for mark in part], styles, utterance.speed)
            if len(parts) == 1:
                durations_ms = () if base_language(language) in LIMITS else speech.durations_ms
                words = word_times(utterance.text, part, durations_ms, partial(_phonemes_alone, front_end))
                yield AudioChunk(speech.pcm, last=True, words=fit_to_sound(words, speech.pcm, RATE_HZ))
                return
            more = JOINT_MS if n < len(parts) else 0
            yield AudioChunk(trim_pass(speech.pcm, RATE_HZ, more), last=n == len(parts))

    def close(self) -> None:
        """End espeak's process and free the styles; the model goes with the process."""
        self._styles = {}
        self._front_ends.close()

    def _read_parts(self, utterance: Utterance, front_end: FrontEnd) -> list[str]:
        """The phonemes of a sentence that the model has, one part for each pass.

        Raises:
            BadInput: there are none, or words that are not of its language.
        """
        phonemes = front_end(utterance.text, utterance.pronunciations)
        parts = list(pieces("".join(mark for mark in phonemes if mark in self._numbers), MOST_TOKENS))
        if not parts:
            raise BadInput(
                f"the kokoro engine has no sound for {utterance.text[:QUOTED_CHARS]!r}: skip it with gap=skip"
            )
        return parts

    def _default_voice(self, language: str) -> str:
        """The first voice of a language; that of the engine where there is none, or no language is named."""
        family = base_language(language)
        names = (voice.name for voice in self.voices if base_language(voice.language) == family)
        return self.voices[0].name if family in ("", "en") else next(names, self.voices[0].name)

    def _blend(self, voice: str) -> tuple[VoicePart, ...]:
        parts = parse_blend(voice)
        for part in parts:
            if part.name not in self._styles:
                raise UnknownVoice(unknown_word("kokoro voice", part.name, self._styles))
        return parts

    def _mixed(self, blend: tuple[VoicePart, ...]) -> Styles:
        """The weighted mean of the voices' styles."""
        if len(blend) == 1:
            return self._styles[blend[0].name]
        n_rows = min(len(self._styles[part.name]) for part in blend)
        total = sum(part.weight for part in blend)
        first, *others = (self._styles[part.name][:n_rows] * np.float32(part.weight / total) for part in blend)
        return sum(others, start=first)

    def _front_end(self, language: str, voice: str) -> FrontEnd:
        """The front-end for a language.

        Raises:
            UnknownLanguage: there is none; says how to install it, and how to speak English with the voice.
        """
        family = base_language(language)
        if family not in self.abilities.languages:
            raise UnknownLanguage(
                f"the voice {voice!r} of the kokoro engine is of the language {language}, which it cannot read here "
                f"({missing_packages(family)}); or ask for language=en, or for another engine"
            )
        return self._front_ends.get(language, voice)


def load(values: Mapping[str, str]) -> KokoroEngine:
    """The kokoro engine with `values` as options.

    Raises:
        UnknownOption: an option that it does not have, or a value outside its range.
        EngineUnavailable: the folder has no model or no voices, or they are not Kokoro's.
    """
    return KokoroEngine(read_options(KokoroOptions, "kokoro", values))


def _phonemes_alone(front_end: FrontEnd, word: str) -> str:
    """The phonemes of a word; "" if it cannot be read alone."""
    try:
        return front_end(word)
    except BadInput:
        return ""


def _english_first(names: Mapping[str, Styles]) -> list[str]:
    return sorted(names, key=lambda name: (not LANGUAGES.get(name[0], "").startswith("en"), name))


def _voice_of(name: str) -> Voice:
    """The voice as users see it; `af_bella` is American and female."""
    language = LANGUAGES.get(name[0], "en-US") if name[2:3] == "_" else "en-US"
    gender = GENDERS.get(name[1:2], "") if name[2:3] == "_" else ""
    return Voice(name, language, ", ".join(filter(None, (gender, "neural"))))
