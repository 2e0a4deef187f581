"""Melodies: the tone engine's audio is a pure function of (text, voice, speed, seed).

Every word is a note, a long word one note per six letters, a space is silence; the word decides the pitch (a
pentatonic scale above the voice's base note, so that any order of words sounds pleasant), the voice the octave and the
timbre, the seed the phase. So two sentences sound different, and a sentence's duration is proportional to its text.

The same bytes on every machine: floats are used only to fill tables, which are then rounded to integers; everything
per sample is integer arithmetic. A sample is table[phase] * envelope, the phase a 32-bit counter that wraps around.
"""

import math
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from seriatim.process.single_flight import single_flight

Samples = npt.NDArray[np.int32]

PEAK = 16384  #: -6 dBFS: loud enough for any meter, and two sentences mixed by mistake still do not clip
TABLE_BITS = 12  #: 4,096 entries without interpolation: the error is some 60 dB below the note
ATTACK_MS = 8  #: as fast as a plucked string; a faster one clicks
SYLLABLE_LETTERS = 6  #: so that a text without spaces (a URL, Chinese) is a melody, too, not one endless note
SCALE = (0, 2, 4, 7, 9, 12, 14, 16)  #: semitones of a major pentatonic, over an octave and a bit
PIECE = re.compile(rf"\S{{1,{SYLLABLE_LETTERS}}}|\s+")


@dataclass(frozen=True, slots=True)
class Timbre:
    """One voice: the base note of its scale, and the amplitudes of its harmonics, the fundamental first."""

    base_hz: float
    harmonics: tuple[float, ...]
    description: str


TIMBRES = {
    "alto": Timbre(220.0, (1, 0.5, 0.25, 0.12), "warm, from A3"),
    "soprano": Timbre(440.0, (1, 0.3, 0.1), "clear, from A4"),
    "mezzo": Timbre(329.63, (1, 0.4, 0.3, 0.05), "round, from E4"),
    "contralto": Timbre(174.61, (1, 0.6, 0.35, 0.2), "dark, from F3"),
    "tenor": Timbre(146.83, (1, 0.7, 0.4, 0.25, 0.1), "bright, from D3"),
    "baritone": Timbre(110.0, (1, 0.7, 0.5, 0.3, 0.2), "full, from A2"),
    "bass": Timbre(87.31, (1, 0.8, 0.6, 0.4, 0.3, 0.2), "deep, from F2"),
    "flute": Timbre(523.25, (1, 0.08), "almost a sine, from C5"),
    "clarinet": Timbre(196.0, (1, 0, 0.6, 0, 0.4, 0, 0.2), "odd harmonics only, from G3"),
    "organ": Timbre(130.81, (1, 0.8, 0, 0.6, 0, 0, 0, 0.4), "octaves, from C3"),
}


@dataclass(frozen=True, slots=True)
class Pitch:
    """Everything that determines the samples of a note except its length: the cache's key."""

    voice: str
    degree: int  #: 0-based step of SCALE
    phase: int  #: start of the note in the table, in 2**-32 of a period
    rate_hz: int


def melody_pcm(text: str, voice: str, seed: int, ms_per_char: float, rate_hz: int) -> bytes:
    """The whole sentence, s16le mono at `rate_hz`: `len(text) * ms_per_char` milliseconds, to the nearest sample."""
    phase = zlib.crc32(seed.to_bytes(8, "little")) if seed else 0
    return b"".join(
        bytes(2 * n_samples)
        if piece.isspace()
        else _note_pcm(Pitch(voice, _scale_degree(piece), phase, rate_hz), n_samples)
        for piece, n_samples in _split_syllables(text, ms_per_char * rate_hz / 1000)
    )


def replay_recording(recording: bytes, text: str, n_samples: int) -> bytes:
    """`n_samples` of a recording (s16le) from an offset chosen by the text; it wraps around at its end."""
    n_bytes = 2 * n_samples
    start = 2 * (zlib.crc32(text.encode("utf-8", "replace")) % (len(recording) // 2))
    pcm = recording[start : start + n_bytes]
    while len(pcm) < n_bytes:
        pcm += recording[: n_bytes - len(pcm)]
    return pcm


def _split_syllables(text: str, samples_per_char: float) -> Iterator[tuple[str, int]]:
    """Syllables and spaces, each with its length in samples; rounding errors do not accumulate."""
    for match in PIECE.finditer(text):
        yield match[0], round(match.end() * samples_per_char) - round(match.start() * samples_per_char)


def _scale_degree(syllable: str) -> int:
    return zlib.crc32(syllable.casefold().encode("utf-8", "replace")) % len(SCALE)


@lru_cache(maxsize=512)  # 512 notes are about 7 MB at 24 kHz; a text repeats a few pitches and lengths
def _note_pcm(pitch: Pitch, n_samples: int) -> bytes:
    """One note that starts and ends at zero, s16le."""
    hz = TIMBRES[pitch.voice].base_hz * 2 ** (SCALE[pitch.degree] / 12)
    step = round(hz * 2**32 / pitch.rate_hz)
    turns = np.arange(n_samples, dtype=np.uint32) * np.uint32(step) + np.uint32(pitch.phase)
    wave = _wave_table(pitch.voice)[turns >> np.uint32(32 - TABLE_BITS)]
    shaped = (wave * _note_envelope(n_samples, pitch.rate_hz) + (1 << 14)) >> 15
    pcm: bytes = shaped.astype("<i2").tobytes()
    return pcm


@single_flight
@lru_cache(maxsize=len(TIMBRES))
def _wave_table(voice: str) -> Samples:
    """One period of a voice's wave, int32[4096], its highest sample at PEAK."""
    size = 1 << TABLE_BITS
    harmonics = TIMBRES[voice].harmonics
    wave = [
        sum(loud * math.sin(2 * math.pi * k * i / size) for k, loud in enumerate(harmonics, start=1))
        for i in range(size)
    ]
    top = max(abs(x) for x in wave)
    return np.array([round(x / top * PEAK) for x in wave], dtype=np.int32)


@lru_cache(maxsize=64)
def _note_envelope(n_samples: int, rate_hz: int) -> Samples:
    """int32[n_samples] from 0 up to 2**15 - 1 and back: a fast rise, then a long fall, both raised cosines."""
    n_rise = min(round(ATTACK_MS * rate_hz / 1000), n_samples // 2)
    n_fall = n_samples - n_rise
    rise = [0.5 - 0.5 * math.cos(math.pi * i / n_rise) for i in range(n_rise)]
    fall = [0.5 + 0.5 * math.cos(math.pi * (i + 1) / n_fall) for i in range(n_fall)]
    return np.array([round(x * (2**15 - 1)) for x in rise + fall], dtype=np.int32)
