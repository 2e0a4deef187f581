"""The piper engine: any voice of the Piper project, from a folder of NAME.onnx with NAME.onnx.json.

The graph of a voice is cut in two once (`graph_cut.py`), so that all noise comes from the sentence's seed: the same
bytes in any order, thread or process, on one kind of processor. Sound leaves after the first 0.28 s of it are decoded.
Phonemes come from espeak-ng in a child process. Voices of other rates are resampled to the pool's, within a sentence as
a stream, so that the bytes are those of the whole.

A voice is loaded when it is first asked for, and a few are kept in memory; the first one is loaded at the start.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import numpy as np
import numpy.typing as npt
import soxr  # type: ignore[import-untyped]  # the package ships no types

from seriatim.engine import AudioChunk, Continuity, Utterance, Voice
from seriatim.engine_abilities import Abilities
from seriatim.errors import BadInput, EngineFailed, EngineUnavailable, UnknownLanguage, UnknownVoice
from seriatim.nearest_names import QUOTED_CHARS, unknown_word
from seriatim.process.home_folder import expand_home
from seriatim.text.languages import english_name
from seriatim.text.pronunciation import respelled
from seriatim.text.scripts import words_in_other_scripts
from workers.engines.engine_options import OptionInfo, read_options
from workers.engines.phoneme_durations import WordTimes, begin_with_spaces, word_times
from workers.engines.piper.phonemes import PhonemePart, PhonemeReader
from workers.engines.piper.voice_config import VoiceConfig, read_folder
from workers.engines.piper.voice_model import Device, IdSpeech, Scales, VoiceModel, check_device

RATE_HZ = 22_050  #: of medium and high voices; low and x_low ones have 16,000
LIMIT_CHARS = 400
SPEEDS = (0.25, 2.0)  #: of the sounds; each lasts a frame at least, so that at 2 joe speaks 1.6 times as fast
NOTHING = np.empty(0, np.float32)
PER_TEXT = {"noise_scale": (0.0, 2.0), "length_scale": (0.25, 4.0), "noise_w": (0.0, 2.0)}  #: default: the voice's own
#: languages of Piper's voices that are written in other letters than Latin ones
OTHER_SCRIPTS = (
    "ar",
    "bg",
    "el",
    "fa",
    "he",
    "hi",
    "hy",
    "ja",
    "ka",
    "kk",
    "ko",
    "ml",
    "ne",
    "ru",
    "sr",
    "te",
    "uk",
    "ur",
    "zh",
)


@dataclass(frozen=True, slots=True)
class PiperOptions:
    """The piper engine's options."""

    voices: Annotated[str, OptionInfo("folder of NAME.onnx and NAME.onnx.json (default: piper in the model_dir)")] = ""
    model_dir: Annotated[str, OptionInfo("default: the setting MODEL_DIR")] = ""
    cache: Annotated[str, OptionInfo("folder of the cut graphs (default: .cut in that of the voices)")] = ""
    slots: Annotated[int, OptionInfo("sentences spoken at once, by threads that share the models", 1, 64)] = 1
    loaded: Annotated[int, OptionInfo("voices in memory, some 140 MB each", 1, 1000)] = 4
    rate_hz: Annotated[int, OptionInfo("samples per second of all voices; others are resampled", 8000, 48000)] = RATE_HZ
    device: Annotated[Device, OptionInfo("cpu, or cuda with onnxruntime-gpu (not tested)")] = Device.CPU


class PiperEngine:
    """The engine; thread-safe."""

    name = "piper"
    limit_chars = LIMIT_CHARS
    limits: Mapping[str, int] = MappingProxyType({})
    gauges: Mapping[str, float] = MappingProxyType({})
    merge_chars = 0
    rtf = 0.1

    def __init__(self, options: PiperOptions) -> None:
        check_device(options.device)
        self.slots, self.rate_hz = options.slots, options.rate_hz
        self.continuity = Continuity.EXACT if options.device is Device.CPU else Continuity.NONE  # not measured
        folder = Path(options.voices or Path(options.model_dir) / "piper")
        self._configs = read_folder(expand_home(folder))
        self._models = _LoadedModels(options)
        self._phonemes = PhonemeReader()
        self.voices = tuple(voice for config in self._configs.values() for voice in _listed(config))
        languages = {config.family for config in self._configs.values()}
        self.abilities = Abilities("piper", tuple(sorted(languages)), PER_TEXT, SPEEDS, phonemes=True)
        try:
            self._phonemes.check_voices(self._configs.values())
            self._models.get(next(iter(self._configs.values())))
        except EngineUnavailable:
            self._phonemes.close()
            raise

    def speak(self, utterance: Utterance, cancelled: Callable[[], bool]) -> Iterator[AudioChunk]:
        """See `seriatim.engine.Engine.speak`.

        Raises:
            UnknownVoice, UnknownLanguage, UnknownOption: no voice here can speak the utterance as it is asked for.
            BadInput: there are words in it that the voice cannot read, or none.
        """
        self.abilities.check(utterance.language, utterance.speed, utterance.options)
        config, speaker = self._find_voice(utterance.voice, utterance.language)
        _check_script(_read_letters(utterance), config)
        parts = self._phonemes.read_parts(utterance.text, config, utterance.pronunciations)
        if not parts:
            raise BadInput(
                f"the voice {config.name} has no sound for {utterance.text[:QUOTED_CHARS]!r}: gap=skip skips it"
            )
        try:
            model = self._models.get(config)
        except EngineUnavailable as error:
            raise EngineFailed(str(error)) from error
        rng, scales = np.random.default_rng(utterance.seed), _scales(config, utterance)
        speeches = (model.speak_ids(part.ids, speaker, scales, rng) for part in parts)
        first = next(speeches)
        waves = chain(first.waves, (wave for speech in speeches for wave in speech.waves))
        words = self._word_times(utterance.text, config, parts, first)
        for n, chunk in enumerate(self._chunks(waves, config.rate_hz, cancelled)):
            yield chunk if n else replace(chunk, words=words)

    def close(self) -> None:
        """Free the models, and end the child process."""
        self._phonemes.close()
        self._models.clear()

    def _chunks(
        self, waves: Iterator[npt.NDArray[np.float32]], from_hz: int, cancelled: Callable[[], bool]
    ) -> Iterator[AudioChunk]:
        """The windows at the pool's rate, each as it is decoded."""
        resampler = soxr.ResampleStream(from_hz, self.rate_hz, 1, dtype="float32") if from_hz != self.rate_hz else None
        for wave in waves:
            if cancelled():
                return
            if pcm := _pcm(wave if resampler is None else resampler.resample_chunk(wave)):
                yield AudioChunk(pcm)
        rest = NOTHING if resampler is None else resampler.resample_chunk(NOTHING, last=True)
        yield AudioChunk(_pcm(rest), last=True)

    def _word_times(self, text: str, config: VoiceConfig, parts: list[PhonemePart], first: IdSpeech) -> WordTimes:
        """The words of a sentence that is spoken in one part; () if they are unknown."""
        if len(parts) > 1:
            return ()
        durations_ms = parts[0].durations_ms(first.durations_ms)
        read_alone = partial(self._phonemes.read_alone, config=config)
        return begin_with_spaces(text, word_times(text, parts[0].phonemes, durations_ms, read_alone))

    def _find_voice(self, name: str, language: str) -> tuple[VoiceConfig, int]:
        """The voice of that name, with the number of its speaker; without a name, the first one of the language."""
        if not name:
            return self._voice_of_language(language), 0
        base, plus, speaker = name.partition("+")
        config = self._configs.get(base)
        if config is None:
            raise UnknownVoice(unknown_word("piper voice", base, self._configs))
        if language and language.replace("_", "-").partition("-")[0].lower() != config.family:
            language_name = english_name(config.language)
            raise UnknownLanguage(
                f"the voice {base} speaks {language_name} ({config.language}), not {language[:QUOTED_CHARS]}"
            )
        return config, _speaker_of(config, speaker) if plus else 0

    def _voice_of_language(self, language: str) -> VoiceConfig:
        tag = language.replace("_", "-").lower()
        configs = list(self._configs.values())
        exact = [config for config in configs if config.language.lower() == tag]
        related = [config for config in configs if config.family == tag.partition("-")[0]]
        return [*exact, *related, *configs][0]


class _LoadedModels:
    """The models in memory, the least recently used one first; thread-safe."""

    def __init__(self, options: PiperOptions) -> None:
        self._cache = expand_home(options.cache) if options.cache else None
        self._device, self._most = options.device, options.loaded
        self._models: dict[str, VoiceModel] = {}
        self._lock = threading.Lock()

    def get(self, config: VoiceConfig) -> VoiceModel:
        """The model of a voice, loaded if it is not; one that a thread still uses lives on until it is done."""
        with self._lock:
            model = self._models.pop(config.name, None) or VoiceModel(config, self._cache, self._device)
            self._models[config.name] = model
            while len(self._models) > self._most:
                self._models.pop(next(iter(self._models)))
        return model

    def clear(self) -> None:
        with self._lock:
            self._models.clear()


def load(values: Mapping[str, str]) -> PiperEngine:
    """The piper engine with `values` as options.

    Raises:
        UnknownOption: an option that it does not have, or a value outside its range.
        EngineUnavailable: no voices, one that cannot be used, or no such device.
    """
    return PiperEngine(read_options(PiperOptions, "piper", values))


def _listed(config: VoiceConfig) -> Iterator[Voice]:
    """A voice, and each of its speakers as NAME+SPEAKER."""
    yield Voice(config.name, config.language, config.description)
    for speaker in config.speakers:
        yield Voice(f"{config.name}+{speaker}", config.language, f"speaker {speaker}")


def _speaker_of(config: VoiceConfig, name: str) -> int:
    if name in config.speakers:
        return config.speakers[name]
    if not config.speakers:
        raise UnknownVoice(f"the voice {config.name} has one speaker, found {config.name}+{name[:QUOTED_CHARS]}")
    raise UnknownVoice(unknown_word(f"speaker of {config.name}", name, config.speakers))


def _scales(config: VoiceConfig, utterance: Utterance) -> Scales:
    own = dict(zip(("noise_scale", "length_scale", "noise_w"), config.scales, strict=True)) | dict(utterance.options)
    return Scales(own["noise_scale"], own["length_scale"] / utterance.speed, own["noise_w"])


def _read_letters(utterance: Utterance) -> str:
    """The text without the words that have phonemes, which are not read by their letters; the others respelled."""
    sounding = (replace(p, respelling=" ") if p.ipa else p for p in utterance.pronunciations)
    return respelled(utterance.text, tuple(sounding))


def _check_script(text: str, config: VoiceConfig) -> None:
    """Refuse words that a voice of a language in Latin letters would spell or drop."""
    if config.family not in OTHER_SCRIPTS and (foreign := words_in_other_scripts(text)):
        found = " ".join(foreign)[:QUOTED_CHARS]
        raise BadInput(
            f"the voice {config.name} reads {english_name(config.language)}, and this sentence has {found!r}: speak it "
            "with another voice, or skip it with gap=skip"
        )


def _pcm(wave: npt.NDArray[np.float32]) -> bytes:
    made: bytes = np.rint(np.clip(wave, -1.0, 1.0) * 32767.0).astype("<i2").tobytes()
    return made
