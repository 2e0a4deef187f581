"""The resampler: audio at a rate that a format or a client needs."""

import numpy as np
import soxr  # type: ignore[import-untyped]  # the package ships no types

from seriatim.audio.encoder import Encoder


class ResamplingEncoder:
    """Resamples s16le mono for an encoder of `to_hz`.

    The bytes do not depend on the chunks: libsoxr resamples in floating point, and the result is rounded here. Its own
    16-bit output is dithered anew for each chunk, so that equal requests had bytes that differed by 2 (measured).
    """

    def __init__(self, encoder: Encoder, from_hz: int, to_hz: int) -> None:
        self._encoder = encoder
        self._resampler = soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32")

    def write(self, pcm: bytes) -> None:
        self._resample(pcm, last=False)

    def close(self) -> None:
        self._resample(b"", last=True)
        self._encoder.close()

    def discard(self) -> None:
        self._encoder.discard()

    def _resample(self, pcm: bytes, *, last: bool) -> None:
        samples_in = np.frombuffer(pcm, "<i2").astype(np.float32)
        samples = np.rint(self._resampler.resample_chunk(samples_in, last=last))
        self._encoder.write(np.clip(samples, -32768, 32767).astype("<i2").tobytes())
