"""MP3 of a constant rate by LAME itself (lameenc): streams for hundreds of listeners.

From a constant rate a player tells the length of a stream whose header could not know it; a file has the true one
(`mp3info`). libsndfile's wheel has the same LAME at the same quality, which takes nearly three times the processor's
time there, and FFmpeg's four times (measured on speech).
"""

import lameenc

from seriatim.audio.mp3_info_frame import Mp3Rate
from seriatim.audio.output_file import EncoderOutput
from seriatim.audio.pcm import BYTES_PER_SAMPLE, bytes_of_ms
from seriatim.audio.title_tags import id3

KBIT, WIDE_KBIT = 64, 128  #: of mono speech: up to 24 kHz, and above
NARROW_HZ = 24_000
QUALITY = 3  #: LAME's own default; 2 is best, 7 fastest
FEED_MS = 200  #: fed at once: lameenc keeps buffers as large as what it was given


class LameEncoder:
    """Writes s16le mono at a rate that MP3 can hold."""

    def __init__(self, output: EncoderOutput, rate_hz: int, title: str) -> None:
        self._output = output
        self._tag = id3(title)
        self._rate = Mp3Rate(rate_hz, KBIT if rate_hz <= NARROW_HZ else WIDE_KBIT)
        self._step = bytes_of_ms(FEED_MS, rate_hz)
        self._n_samples = 0
        self._lame = lameenc.Encoder()
        self._lame.silence()
        self._lame.set_channels(1)
        self._lame.set_in_sample_rate(rate_hz)
        self._lame.set_out_sample_rate(rate_hz)
        self._lame.set_bit_rate(self._rate.kbit)
        self._lame.set_quality(QUALITY)
        self._begin = self._header()
        output.append(self._begin)

    def write(self, pcm: bytes) -> None:
        self._n_samples += len(pcm) // BYTES_PER_SAMPLE
        for start in range(0, len(pcm), self._step):
            self._output.append(bytes(self._lame.encode(pcm[start : start + self._step])))

    def close(self) -> None:
        self._output.append(bytes(self._lame.flush()))
        self._output.patch(0, self._header(self._output.n_bytes - len(self._begin)))

    def discard(self) -> None:
        """Nothing is held that Python does not free."""

    def _header(self, n_bytes: int = 0) -> bytes:
        """What goes before so many bytes of frames; a stream, which cannot be corrected, has none."""
        return self._tag + self._rate.info_frame(self._n_samples, n_bytes) if self._output.patchable else b""
