"""AAC in ADTS frames, through FFmpeg's libraries (PyAV): a stream that any player can join anywhere."""

from typing import IO, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from tasks.encode.sink import Output

BIT_RATE = 64_000  #: of mono speech; what our MP3 has
FRAME = 1024  #: samples of an AAC frame


class AacEncoder:
    """Writes s16le mono, resampled to a rate that AAC can hold."""

    def __init__(self, output: Output, file_rate_hz: int, rate_hz: int) -> None:
        self._output, self._rate_hz = output, rate_hz
        self._container = av.open(cast("IO[bytes]", _Writer(output)), "w", format="adts")
        self._stream = self._container.add_stream("aac", rate=file_rate_hz, layout="mono")
        self._stream.bit_rate = BIT_RATE
        self._resampler = AudioResampler("fltp", "mono", file_rate_hz, frame_size=FRAME)
        self._at = 0  #: samples written

    def write(self, pcm: bytes) -> None:
        samples = np.frombuffer(pcm, "<i2").reshape(1, -1)
        if not samples.size:
            return
        frame = AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate, frame.pts = self._rate_hz, self._at
        self._at += samples.size
        self._encode(frame)

    def close(self) -> None:
        self._encode(None)
        for packet in self._stream.encode(None):
            self._container.mux(packet)
        self._container.close()

    def discard(self) -> None:
        """Free what the encoder holds; what closing writes goes nowhere."""
        self._container.close()

    def _encode(self, frame: AudioFrame | None) -> None:
        for resampled in self._resampler.resample(frame):
            for packet in self._stream.encode(resampled):
                self._container.mux(packet)


class _Writer:
    """What FFmpeg takes for a file that cannot be sought."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def write(self, data: bytes) -> int:
        self._output.append(bytes(data))
        return len(data)
