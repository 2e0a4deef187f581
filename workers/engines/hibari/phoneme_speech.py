"""Phoneme speech: the sound of phonemes by hibari's model, with how long each of them lasts."""

from dataclasses import dataclass

import numpy as np

from seriatim.process.quick_imports import package_hidden
from workers.engines.hibari.pinned_model import HibariModel
from workers.engines.phoneme_durations import frame_durations_ms

with package_hidden("scipy"):  # as in pinned_model.py
    from hibari import dsp

SPECTRUM_PARTS = 6  #: outputs of the model of which its sound is made; see `hibari.dsp`


@dataclass(frozen=True, slots=True)
class PhonemeSpeech:
    """The sound that the model makes of phonemes."""

    pcm: bytes  #: s16le mono at hibari's rate
    phonemes: str  #: those that the model has
    durations_ms: tuple[float, ...]  #: of the silence before them, of each, and of the silence behind; () if unknown


def speak_phonemes(model: HibariModel, phonemes: str, speed: float, noise: np.random.Generator) -> PhonemeSpeech:
    """Speak phonemes as `Hibari.from_ids` does.

    A model that was loaded with its durations as a seventh output gives them in frames, whose sum is the sound.
    """
    inputs = {"ids": np.asarray([model.ids(phonemes)], np.int64), "speed": np.asarray([speed], np.float32)}
    made = model.session.run(None, inputs)
    wave = dsp.synth(*(part[0] for part in made[:SPECTRUM_PARTS]), noise)
    frames = [float(n) for part in made[SPECTRUM_PARTS:] for n in part]
    durations_ms = frame_durations_ms(frames, len(wave) / dsp.SR * 1000) if frames else ()
    pcm: bytes = np.round(np.clip(wave, -1.0, 1.0) * 32767.0).astype("<i2").tobytes()
    return PhonemeSpeech(pcm, "".join(filter(model.numbers.__contains__, phonemes)), durations_ms)
