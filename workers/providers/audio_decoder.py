"""Audio decoder: what a server sends becomes s16le mono at the pool's rate, as it arrives.

Raw PCM has a rate by its content type or by the provider's documentation, WAV by its header, MP3 by its frames.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Protocol

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.resampler import AudioResampler

from seriatim.audio.pcm import BYTES_PER_SAMPLE
from seriatim.audio.resampler import PcmResampler
from seriatim.errors import UpstreamFailed
from workers.providers.wav_reader import WavReader

MOST_BYTES = 1 << 27  #: of one sentence as it arrives: three quarters of an hour at 24 kHz; a server may never stop


class AudioEncoding(StrEnum):
    """Encodings in which a server may answer."""

    PCM = "pcm"  #: s16le mono without a header
    WAV = "wav"
    MP3 = "mp3"


class SampleSource(Protocol):
    """A reader of one encoding: bytes as they arrive become s16le mono at `rate_hz`, which may be known late."""

    rate_hz: int

    def feed(self, data: bytes) -> bytes: ...

    def finish(self) -> bytes: ...


class RawPcm:
    """Samples without a header; a part of one waits for the rest. Several channels become their mean."""

    def __init__(self, rate_hz: int, channels: int = 1) -> None:
        self.rate_hz = rate_hz
        self._channels = channels
        self._part = b""

    def feed(self, data: bytes) -> bytes:
        data, frame = self._part + data, self._channels * BYTES_PER_SAMPLE
        whole = len(data) // frame * frame
        self._part = data[whole:]
        return data[:whole] if self._channels == 1 else _mean_of(data[:whole], self._channels)

    def finish(self) -> bytes:
        """Nothing more.

        Raises:
            UpstreamFailed: a part of a sample is left: the stream was cut, or is not raw PCM.
        """
        if self._part:
            raise UpstreamFailed("the sound ends within a sample: it was cut, or is not s16le PCM; look at format")
        return b""


class Mp3Reader:
    """MP3 frames, decoded by FFmpeg as they are complete."""

    def __init__(self) -> None:
        self.rate_hz = 0
        self._codec: Any = AudioCodecContext.create("mp3float", "r")
        self._to_mono: AudioResampler | None = None

    def feed(self, data: bytes) -> bytes:
        return self._decode(self._codec.parse(data))

    def finish(self) -> bytes:
        return self._decode([*self._codec.parse(b""), None])

    def _decode(self, packets: list[Any]) -> bytes:
        try:
            frames = [frame for packet in packets for frame in self._codec.decode(packet)]
        except av.FFmpegError:
            raise UpstreamFailed("the sound is no MP3, as its content type or the option format says") from None
        pcm = b""
        for frame in frames:
            if self._to_mono is None:
                self.rate_hz = frame.sample_rate
                self._to_mono = AudioResampler(format="s16", layout="mono", rate=frame.sample_rate)
            pcm += b"".join(bytes(mono.planes[0])[: mono.samples * 2] for mono in self._to_mono.resample(frame))
        return pcm


def _mean_of(pcm: bytes, channels: int) -> bytes:
    mean: bytes = np.rint(np.frombuffer(pcm, "<i2").reshape(-1, channels).mean(axis=1)).astype("<i2").tobytes()
    return mean


SOURCES: dict[AudioEncoding, Callable[[int, int], SampleSource]] = {
    AudioEncoding.PCM: RawPcm,
    AudioEncoding.WAV: lambda *_: WavReader(),
    AudioEncoding.MP3: lambda *_: Mp3Reader(),
}


class AudioDecoder:
    """The decoder of one sentence; `source_hz` and `channels` are those of raw PCM."""

    def __init__(self, encoding: AudioEncoding, source_hz: int, rate_hz: int, channels: int = 1) -> None:
        self._source = SOURCES[encoding](source_hz, channels)
        self._rate_hz = rate_hz
        self._resampler: PcmResampler | None = None
        self._n_bytes = 0

    def feed(self, data: bytes) -> bytes:
        """Add bytes as they arrive; returns s16le mono at the pool's rate, possibly none.

        Raises:
            UpstreamFailed: they are not of this encoding, or too many.
        """
        self._n_bytes += len(data)
        if self._n_bytes > MOST_BYTES:
            raise UpstreamFailed(f"more than {MOST_BYTES} bytes of sound for one sentence")
        return self._at_rate(self._source.feed(data))

    def finish(self) -> bytes:
        """The rest.

        Raises:
            UpstreamFailed: the sound was cut.
        """
        return self._at_rate(self._source.finish(), last=True)

    def _at_rate(self, pcm: bytes, *, last: bool = False) -> bytes:
        if self._source.rate_hz in (0, self._rate_hz):
            return pcm
        if self._resampler is None:
            self._resampler = PcmResampler(self._source.rate_hz, self._rate_hz)
        return self._resampler.feed(pcm, last=last)
