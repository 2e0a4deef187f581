"""MP3 encoder of constant bit rate, by LAME itself (lameenc): streams for hundreds of listeners.

From a constant rate a player can estimate the length of a stream; a file has the true one (`mp3_info_frame`). The same
LAME at the same quality takes nearly three times the processor time in libsndfile's wheel, and four times in FFmpeg
(measured on speech).
"""

import lameenc

from seriatim.audio.id3_tag import title_tag
from seriatim.audio.mp3_info_frame import Mp3Rate
from seriatim.audio.output_file import EncoderOutput
from seriatim.audio.pcm import BYTES_PER_SAMPLE, bytes_of_ms

KBIT, WIDE_KBIT = 64, 128  #: of mono speech: up to 24 kHz, and above
NARROW_HZ = 24_000
QUALITY = 3  #: LAME's own default; 2 is best, 7 fastest
FEED_MS = 200  #: fed at once: lameenc keeps buffers as large as its input


class LameEncoder:
    """Writes s16le mono at a rate that MP3 can hold."""

    def __init__(self, output: EncoderOutput, rate_hz: int, title: str, tag: bytes = b"") -> None:
        """Begin a file with an ID3 tag, `tag` or one that has the title alone."""
        self._output = output
        self._tag = tag or title_tag(title)
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
        self._header = self._leading_bytes()
        output.append(self._header)

    def write(self, pcm: bytes) -> None:
        self._n_samples += len(pcm) // BYTES_PER_SAMPLE
        for start in range(0, len(pcm), self._step):
            self._output.append(bytes(self._lame.encode(pcm[start : start + self._step])))

    def close(self) -> None:
        self._output.append(bytes(self._lame.flush()))
        self._output.patch(0, self._leading_bytes(self._output.n_bytes - len(self._header)))

    def discard(self) -> None:
        """Nothing to release explicitly."""

    def _leading_bytes(self, n_bytes: int = 0) -> bytes:
        """The tag and info frame before `n_bytes` of frames; empty for a stream, which cannot be patched."""
        return self._tag + self._rate.info_frame(self._n_samples, n_bytes) if self._output.patchable else b""
