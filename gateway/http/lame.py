"""MP3 of a constant rate by LAME itself (lameenc): streams for hundreds of listeners.

libsndfile's wheel has the same LAME at the same quality, which takes nearly three times the processor's time there.
"""

import lameenc

from seriatim.pcm import bytes_of_ms
from tasks.encode.sink import Output

KBIT, WIDE_KBIT = 64, 128  #: of mono speech: up to 24 kHz, and above, as the files of `tasks.encode` have it
NARROW_HZ = 24_000
QUALITY = 3  #: LAME's own default; 2 is best, 7 fastest
FEED_MS = 200  #: fed at once: lameenc keeps buffers as large as what it was given


class LameEncoder:
    """Writes s16le mono at a rate that MP3 can hold."""

    def __init__(self, output: Output, rate_hz: int) -> None:
        self._output = output
        self._step = bytes_of_ms(FEED_MS, rate_hz)
        self._lame = lameenc.Encoder()
        self._lame.silence()
        self._lame.set_channels(1)
        self._lame.set_in_sample_rate(rate_hz)
        self._lame.set_out_sample_rate(rate_hz)
        self._lame.set_bit_rate(KBIT if rate_hz <= NARROW_HZ else WIDE_KBIT)
        self._lame.set_quality(QUALITY)

    def write(self, pcm: bytes) -> None:
        for start in range(0, len(pcm), self._step):
            self._output.append(bytes(self._lame.encode(pcm[start : start + self._step])))

    def close(self) -> None:
        self._output.append(bytes(self._lame.flush()))

    def discard(self) -> None:
        """Nothing is held that Python does not free."""
