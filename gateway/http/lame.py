"""MP3 of a constant rate by LAME itself (lameenc): streams for hundreds of listeners.

libsndfile's wheel has the same LAME at the same quality, which takes nearly three times the processor's time there.
"""

import lameenc
import numpy as np
import soxr  # type: ignore[import-untyped]  # the package ships no types

from seriatim.pcm import bytes_of_ms
from tasks.encode.sink import Output

KBIT, WIDE_KBIT = 64, 128  #: of mono speech: up to 24 kHz, and above, as the files of `tasks.encode` have it
NARROW_HZ = 24_000
QUALITY = 3  #: LAME's own default; 2 is best, 7 fastest
FEED_MS = 200  #: fed at once: lameenc keeps buffers as large as what it was given


class LameEncoder:
    """Writes s16le mono, resampled where MP3 cannot hold its rate."""

    def __init__(self, output: Output, file_rate_hz: int, rate_hz: int) -> None:
        self._output = output
        self._step = bytes_of_ms(FEED_MS, file_rate_hz)
        same = file_rate_hz == rate_hz
        self._resampler = None if same else soxr.ResampleStream(rate_hz, file_rate_hz, 1, dtype="int16")
        self._lame = lameenc.Encoder()
        self._lame.silence()
        self._lame.set_channels(1)
        self._lame.set_in_sample_rate(file_rate_hz)
        self._lame.set_out_sample_rate(file_rate_hz)
        self._lame.set_bit_rate(KBIT if file_rate_hz <= NARROW_HZ else WIDE_KBIT)
        self._lame.set_quality(QUALITY)

    def write(self, pcm: bytes) -> None:
        self._feed(pcm, last=False)

    def close(self) -> None:
        self._feed(b"", last=True)
        self._output.append(bytes(self._lame.flush()))

    def discard(self) -> None:
        """Nothing is held that Python does not free."""

    def _feed(self, pcm: bytes, *, last: bool) -> None:
        if self._resampler is not None:
            samples = np.frombuffer(pcm, "<i2")
            pcm = self._resampler.resample_chunk(samples, last=last).astype("<i2").tobytes()
        for start in range(0, len(pcm), self._step):
            self._output.append(bytes(self._lame.encode(pcm[start : start + self._step])))
