"""Trim and fade the edges of a sentence: joints do not click, pauses are as long as the job says.

An engine surrounds its speech with silence of its own, a different one each time, and may end at any sample value.
What leaves this filter is: a short lead, the speech untouched, a short tail, and then the job's pause as exact zeros.
The first and last `FADE_MS` rise from and fall to zero, whatever level the engine's silence has (a constant offset
becomes a slope, not a step). Pauses inside the sentence stay as they are: silence is held back until it is known
whether speech goes on behind it, so what is held is at most the fade and the silence since the last sound.

    engine   ....,,~~~~SPEECH~~SPEECH~~,,......            . below THRESHOLD
    stream       <,~~~~SPEECH~~SPEECH~~,,.>000000000       < > fades, 0 the pause

The bytes are a function of the whole sentence, whatever the chunks it came in. They are the same on every machine:
gains are integers out of 2**15, and a faded sample is rounded to the nearest integer, halves up. `state` holds all
that a filter knows, so that another worker's filter goes on exactly behind the chunks that were taken up (continuity
`resumable`). All-silent sentences, and empty ones, give the pause alone.
"""

import math
import struct
import zlib
from functools import lru_cache
from typing import Self

import numpy as np
import numpy.typing as npt

from seriatim.audio.pcm import silence
from seriatim.errors import EngineFailed

Samples = npt.NDArray[np.int16]

THRESHOLD = 104  #: -50 dBFS: below a soft "f" or "h" (about -45), above the noise floor of neural vocoders (-60 to -55)
LEAD_MS = 20  #: kept before the first sound: the onset of a consonant that is below the threshold
TAIL_MS = 40  #: kept behind the last sound: the decay of a vowel below the threshold, longer than an onset
FADE_MS = 5  #: shorter than any consonant, so none is swallowed; a tenth of it would still be heard as a click
UNITY = 1 << 15  #: a gain of 1

HEADER = struct.Struct("<BBqqq")  #: version, begun, samples faded in, end of sound, peak; then the held samples, zlib
VERSION = 1
HELD_MOST = 1 << 26  #: bytes that a state may become: ten minutes of silence; a forged one could become far more


class TrimFadeFilter:
    """The filter of one sentence. `feed` it the engine's chunks in order, then call `finish` once."""

    def __init__(self, rate_hz: int, pause_ms: float) -> None:
        self.peak = 0  #: the greatest magnitude in the sound so far, 0..32768; from 32767 on the engine has clipped
        self._pause = silence(pause_ms, rate_hz)
        self._lead, self._tail, self._fade = (round(ms * rate_hz / 1000) for ms in (LEAD_MS, TAIL_MS, FADE_MS))
        self._held = np.empty(0, np.int16)  # what may still be trimmed or faded out, not yet faded in
        self._begun = False  # has there been a sound?
        self._out = 0  # samples that have left
        self._sound_end = 0  # end of the last sound, counted from the first held sample; negative once it has left

    @classmethod
    def restore(cls, state: bytes, rate_hz: int, pause_ms: float) -> Self:
        """The filter whose `state()` that was, given the same `rate_hz` and `pause_ms`.

        Raises:
            EngineFailed: the state is not one of this version's.
        """
        edges = cls(rate_hz, pause_ms)
        try:
            version, begun, edges._out, edges._sound_end, edges.peak = HEADER.unpack_from(state)
            unpacking = zlib.decompressobj()
            held = np.frombuffer(unpacking.decompress(state[HEADER.size :], HELD_MOST), "<i2")
        except (struct.error, zlib.error, ValueError) as error:
            raise EngineFailed(f"a state of {len(state)} bytes is not one of workers.trim_and_fade: {error}") from error
        if not unpacking.eof:
            raise EngineFailed(f"a state of {len(state)} bytes is cut short, or holds more than {HELD_MOST} bytes")
        if version != VERSION:
            raise EngineFailed(f"a state of workers.trim_and_fade version {version}, expected {VERSION}")
        edges._begun = bool(begun)
        edges._held = held
        return edges

    def state(self) -> bytes:
        """All that the filter knows: some 300 bytes while somebody speaks, and at most 2 a sample of a silence."""
        header = HEADER.pack(VERSION, self._begun, min(self._out, self._fade), self._sound_end, self.peak)
        return header + zlib.compress(self._held.astype("<i2").tobytes(), level=1)

    def feed(self, pcm: bytes) -> bytes:
        """Take the engine's next chunk and give what of the sentence is now certain, possibly nothing.

        Args:
            pcm: s16le mono at `rate_hz`, an even number of bytes, possibly none.

        Raises:
            ValueError: an odd number of bytes.
        """
        new = np.frombuffer(pcm, "<i2")
        sounds = np.flatnonzero((new > THRESHOLD) | (new < -THRESHOLD))
        self._held = np.concatenate((self._held, new))
        if len(sounds):
            self.peak = max(self.peak, int(new.max()), -int(new.min()))
            self._begin(len(self._held) - len(new) + int(sounds[0]))
            self._sound_end = len(self._held) - len(new) + int(sounds[-1]) + 1
        elif not self._begun:
            self._held = self._held[-self._lead :]
        return self._leave(self._end() - self._fade) if self._begun else b""

    def finish(self) -> bytes:
        """The faded end of the sentence and the pause; the filter is spent."""
        return (self._faded_out(self._end()) if self._begun else b"") + self._pause

    def _begin(self, first_sound: int) -> None:
        """Drop what lies more than the lead before the first sound, if it is the first."""
        if not self._begun:
            self._begun = True
            self._held = self._held[max(0, first_sound - self._lead) :]

    def _end(self) -> int:
        """Where the sentence ends if no more sound comes, counted from the first held sample."""
        return min(len(self._held), self._sound_end + self._tail)

    def _leave(self, n_samples: int) -> bytes:
        """The first `n_samples` held, faded in; none if negative."""
        if n_samples <= 0:
            return b""
        leaving, self._held = self._held[:n_samples], self._held[n_samples:]
        faded = _scaled(leaving, _gains(self._fade)[self._out :])
        self._out += n_samples
        self._sound_end -= n_samples
        made: bytes = faded.astype("<i2").tobytes()
        return made

    def _faded_out(self, n_samples: int) -> bytes:
        """The first `n_samples` held, faded in and out: the end of the sentence."""
        rest = np.frombuffer(self._leave(n_samples), "<i2")
        made: bytes = _scaled(rest[::-1], _gains(self._fade))[::-1].astype("<i2").tobytes()
        return made


@lru_cache(maxsize=8)
def _gains(n_samples: int) -> npt.NDArray[np.int32]:
    """A raised cosine from almost nothing to almost `UNITY`, int32[n_samples]."""
    rise = (0.5 - 0.5 * math.cos(math.pi * (i + 0.5) / n_samples) for i in range(n_samples))
    return np.array([round(x * UNITY) for x in rise], dtype=np.int32)


def _scaled(samples: Samples, gains: npt.NDArray[np.int32]) -> Samples:
    """The samples, the first of them times the gains; no more gains than samples are used."""
    n_faded = min(len(samples), len(gains))
    head = (samples[:n_faded].astype(np.int32) * gains[:n_faded] + UNITY // 2) >> 15
    return np.concatenate((head.astype(np.int16), samples[n_faded:]))
