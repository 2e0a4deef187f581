"""Trim and fade the edges of a sentence: joints do not click, and pauses are as long as the job says.

An engine surrounds its speech with silence of varying length, and may end at any sample value. The output of this
filter is a short lead, the speech untouched, a short tail, and then the job's pause as exact zeros.
The first and last `FADE_MS` rise from and fall to zero, whatever level the engine's silence has (a constant offset
becomes a slope, not a step). Pauses inside the sentence stay as they are: silence is held back until it is known
whether speech follows, so the filter holds at most the fade and the silence since the last sound.

    engine   ....,,~~~~SPEECH~~SPEECH~~,,......            . below THRESHOLD
    stream       <,~~~~SPEECH~~SPEECH~~,,.>000000000       < > fades, 0 the pause

The bytes depend on the whole sentence only, not on how it was cut into chunks. They are the same on every machine:
gains are integers out of 2**15, and a faded sample is rounded to the nearest integer, halves up. `state` is the
complete state of a filter, so that another worker's filter continues exactly after the chunks that were accepted
(continuity `resumable`). An all-silent or empty sentence gives the pause alone.
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
LEAD_MS = 20  #: kept before the first sound: the onset of a consonant below the threshold
TAIL_MS = 40  #: kept after the last sound: the decay of a vowel below the threshold, longer than an onset
FADE_MS = 5  #: shorter than any consonant, so none is cut; a tenth of it would still be audible as a click
UNITY = 1 << 15  #: a gain of 1

HEADER = struct.Struct("<BBqqq")  #: version, started, samples faded in, end of sound, peak; then the held samples, zlib
VERSION = 1
MAX_HELD_BYTES = 1 << 26  #: most bytes of an unpacked state: ten minutes of silence; a forged one could be far larger


class TrimFadeFilter:
    """The filter of one sentence. `feed` it the engine's chunks in order, then call `finish` once."""

    def __init__(self, rate_hz: int, pause_ms: float) -> None:
        self.peak = 0  #: the greatest magnitude so far, 0..32768; from 32767 on the engine has clipped
        self.n_trimmed = 0  #: samples that were dropped before the first sound
        self._pause = silence(pause_ms, rate_hz)
        self._lead, self._tail, self._fade = (round(ms * rate_hz / 1000) for ms in (LEAD_MS, TAIL_MS, FADE_MS))
        self._held = np.empty(0, np.int16)  # samples that may still be trimmed or faded out, not yet faded in
        self._started = False  # has there been a sound?
        self._out = 0  # samples emitted
        self._sound_end = 0  # end of the last sound, counted from the first held sample; negative once emitted

    @classmethod
    def restore(cls, state: bytes, rate_hz: int, pause_ms: float) -> Self:
        """The filter with a `state()` of an earlier one, given the same `rate_hz` and `pause_ms`.

        Raises:
            EngineFailed: the state is invalid, or of another version.
        """
        restored = cls(rate_hz, pause_ms)
        try:
            version, started, restored._out, restored._sound_end, restored.peak = HEADER.unpack_from(state)
            decompressor = zlib.decompressobj()
            held = np.frombuffer(decompressor.decompress(state[HEADER.size :], MAX_HELD_BYTES), "<i2")
        except (struct.error, zlib.error, ValueError) as error:
            raise EngineFailed(f"invalid trim-and-fade state of {len(state)} bytes: {error}") from error
        if not decompressor.eof:
            raise EngineFailed(
                f"trim-and-fade state of {len(state)} bytes is cut short, or holds more than {MAX_HELD_BYTES} bytes"
            )
        if version != VERSION:
            raise EngineFailed(f"trim-and-fade state of version {version}; expected {VERSION}")
        restored._started = bool(started)
        restored._held = held
        return restored

    def state(self) -> bytes:
        """The complete state: some 300 bytes during speech, and at most 2 bytes per sample of silence."""
        header = HEADER.pack(VERSION, self._started, min(self._out, self._fade), self._sound_end, self.peak)
        return header + zlib.compress(self._held.astype("<i2").tobytes(), level=1)

    def feed(self, pcm: bytes) -> bytes:
        """Add the engine's next chunk; returns the part of the sentence that is now final, possibly nothing.

        Args:
            pcm: s16le mono at `rate_hz`, an even number of bytes, possibly none.

        Raises:
            ValueError: an odd number of bytes.
        """
        new = np.frombuffer(pcm, "<i2")
        sounds = (new > THRESHOLD) | (new < -THRESHOLD)
        self._held = np.concatenate((self._held, new)) if len(self._held) else new
        if sounds.any():
            self.peak = max(self.peak, int(new.max()), -int(new.min()))
            self._start_at(len(self._held) - len(new) + int(sounds.argmax()))
            self._sound_end = len(self._held) - int(sounds[::-1].argmax())
        elif not self._started:
            self._drop(len(self._held) - self._lead)
        return self._emit(self._sentence_end() - self._fade) if self._started else b""

    def finish(self) -> bytes:
        """The faded end of the sentence and the pause; the filter is spent."""
        return (self._emit_end(self._sentence_end()) if self._started else b"") + self._pause

    def _start_at(self, first_sound: int) -> None:
        """Drop what lies more than the lead before the first sound, if it is the first."""
        if not self._started:
            self._started = True
            self._drop(first_sound - self._lead)

    def _drop(self, n_samples: int) -> None:
        """Drop the first samples held; none if negative."""
        self._held = self._held[max(0, n_samples) :]
        self.n_trimmed += max(0, n_samples)

    def _sentence_end(self) -> int:
        """The end of the sentence if no more sound follows, counted from the first held sample."""
        return min(len(self._held), self._sound_end + self._tail)

    def _emit(self, n_samples: int) -> bytes:
        """The first `n_samples` held, faded in; none if negative."""
        if n_samples <= 0:
            return b""
        emitted, self._held = self._held[:n_samples], self._held[n_samples:]
        faded = _apply_gains(emitted, _fade_gains(self._fade)[self._out :])
        self._out += n_samples
        self._sound_end -= n_samples
        pcm_out: bytes = faded.astype("<i2", copy=False).tobytes()
        return pcm_out

    def _emit_end(self, n_samples: int) -> bytes:
        """The first `n_samples` held, faded in and out: the end of the sentence."""
        rest = np.frombuffer(self._emit(n_samples), "<i2")
        pcm_out: bytes = _apply_gains(rest[::-1], _fade_gains(self._fade))[::-1].astype("<i2").tobytes()
        return pcm_out


@lru_cache(maxsize=8)
def _fade_gains(n_samples: int) -> npt.NDArray[np.int32]:
    """A raised cosine from almost nothing to almost `UNITY`, int32[n_samples]."""
    rise = (0.5 - 0.5 * math.cos(math.pi * (i + 0.5) / n_samples) for i in range(n_samples))
    return np.array([round(x * UNITY) for x in rise], dtype=np.int32)


def _apply_gains(samples: Samples, gains: npt.NDArray[np.int32]) -> Samples:
    """The samples, the first of them times the gains; no more gains than samples are used."""
    n_faded = min(len(samples), len(gains))
    if not n_faded:
        return samples
    head = (samples[:n_faded].astype(np.int32) * gains[:n_faded] + UNITY // 2) >> 15
    return np.concatenate((head.astype(np.int16), samples[n_faded:]))


def trim_pass(pcm: bytes, rate_hz: int, pause_ms: float) -> bytes:
    """One of several passes of a model over one sentence, without the silence around it, and with a pause behind it."""
    edge_filter = TrimFadeFilter(rate_hz, pause_ms)
    return edge_filter.feed(pcm) + edge_filter.finish()
