"""Room tone: a soft, even noise under all of the audio, so that pauses are not digitally silent, as in a studio.

ACX refuses pauses without any sound, and noise above -60 dBFS. The noise is a loop that is the same on every machine,
and its bytes do not depend on how the audio is cut.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

LOOP_S = 16  #: long enough that its repetition is not heard
CUTOFF_HZ = 900  #: a room has little above; white noise hisses
_FULL_SCALE = 32768.0
_SEED = 19


def with_room_tone(audio: Iterable[bytes], rate_hz: int, level_db: float) -> Iterator[bytes]:
    """Audio, s16le mono, with noise of `level_db` (RMS, dBFS) added."""
    loop, at = _loop(rate_hz, level_db), 0
    for pcm in audio:
        samples = np.frombuffer(pcm, "<i2")
        tone = loop.take(np.arange(at, at + len(samples)), mode="wrap")
        at = (at + len(samples)) % len(loop)
        mixed: bytes = np.clip(np.rint(samples + tone), -_FULL_SCALE, _FULL_SCALE - 1).astype("<i2").tobytes()
        yield mixed


def _loop(rate_hz: int, level_db: float) -> NDArray[np.float64]:
    """The noise: its spectrum falls by 6 dB an octave above the cutoff, and its end joins its beginning."""
    n = LOOP_S * rate_hz
    frequencies = np.fft.rfftfreq(n, 1 / rate_hz)
    phases = np.random.Generator(np.random.PCG64(_SEED)).uniform(0, 2 * np.pi, len(frequencies))
    spectrum = np.exp(1j * phases) / np.hypot(1, frequencies / CUTOFF_HZ)
    spectrum[0] = 0
    noise: NDArray[np.float64] = np.fft.irfft(spectrum, n)
    loop: NDArray[np.float64] = noise * (10 ** (level_db / 20) * _FULL_SCALE / np.sqrt(np.mean(noise**2)))
    return loop
