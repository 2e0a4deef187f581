"""The resampler: audio at a rate that a format or a client needs."""

import numpy as np
import soxr  # type: ignore[import-untyped]  # the package ships no types

from seriatim.audio.encoder import Encoder


class PcmResampler:
    """Resamples s16le mono from `from_hz` to `to_hz`.

    The bytes do not depend on the chunks: libsoxr resamples in floating point, and the result is rounded here. Its own
    16-bit output is dithered anew for each chunk, so that equal requests had bytes that differed by 2 (measured).
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._stream = soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32")

    def feed(self, pcm: bytes, *, last: bool = False) -> bytes:
        """Add a chunk, an even number of bytes; returns what is complete by now, with `last` everything."""
        samples_in = np.frombuffer(pcm, "<i2").astype(np.float32)
        samples = np.rint(self._stream.resample_chunk(samples_in, last=last))
        resampled: bytes = np.clip(samples, -32768, 32767).astype("<i2").tobytes()
        return resampled


class ResamplingEncoder:
    """Resamples s16le mono for an encoder of `to_hz`."""

    def __init__(self, encoder: Encoder, from_hz: int, to_hz: int) -> None:
        self._encoder = encoder
        self._resampler = PcmResampler(from_hz, to_hz)

    def write(self, pcm: bytes) -> None:
        self._encoder.write(self._resampler.feed(pcm))

    def close(self) -> None:
        self._encoder.write(self._resampler.feed(b"", last=True))
        self._encoder.close()

    def discard(self) -> None:
        self._encoder.discard()
