"""Encoders of FFmpeg's libraries (PyAV): AAC in ADTS frames or an MP4 file, Opus in Ogg pages.

They serve streams for hundreds of listeners. libsndfile has no AAC, and the Opus of its wheel takes four times the
processor time of FFmpeg's. Each listener's encoder holds about 0.9 MB (AAC) and 0.5 MB (Opus).

FFmpeg writes through a callback, from which PyAV raises errors (such as a full disk) late or never. Therefore it fills
a buffer, which is copied to the output outside the callback.
"""

import contextlib
import io
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import IO, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

from seriatim.audio.output_file import EncoderOutput, translate_write_errors

FRAME_MS = 200  #: fed at once: FFmpeg keeps buffers as large as its input, and takes an eighth more time with 40 ms


@dataclass(frozen=True, slots=True)
class FfmpegCodec:
    """One codec of FFmpeg with its settings."""

    name: str
    container: str
    bit_rate: int  #: of mono speech
    options: Mapping[str, str] = field(default_factory=dict)  #: of the container
    effort: Mapping[str, str] = field(default_factory=dict)  #: of the encoder itself


#: The fast coder takes a third of the processor time of the default, and sounds better on speech (PESQ 4.04 instead of
#: 3.67). At a constant quality, 1.2 × FF_QP2LAMBDA (118), and without the tools for transients and for noise, it takes
#: 0.7 of the time of a constant 64 kbit/s, for 60 kbit/s that sound better: PESQ 4.13 instead of 3.95 (decisions/0072).
AAC_EFFORT = {"aac_coder": "fast", "flags": "+qscale", "global_quality": "142", "aac_tns": "0", "aac_pns": "0"}
AAC = FfmpegCodec("aac", "adts", 64_000, effort=AAC_EFFORT)
#: Pages of 40 ms, of which one is held back; with the usual second, the first audio would wait for all of it.
#: Bit-exact: the stream's serial number is not random, so the same audio has the same bytes.
#: Level 5 of 10 takes a third of the processor time of the default, for PESQ 4.16 instead of 4.25 (measured on speech).
OPUS = FfmpegCodec(
    "libopus", "ogg", 48_000, {"page_duration": "40000", "fflags": "+bitexact"}, {"compression_level": "5"}
)
#: the same AAC, in a file whose table of contents is moved to its front at the end
M4A = FfmpegCodec("aac", "ipod", 64_000, {"movflags": "+faststart", "fflags": "+bitexact"}, AAC_EFFORT)
TEMPORARY = "a temporary file"  #: its name in messages
COPY_BYTES = 1 << 20


class Muxer:
    """A codec and its container, which write into a file: a path, or an object with `write`."""

    def __init__(self, file: object, codec: FfmpegCodec, rate_hz: int, title: str) -> None:
        self._rate_hz, self._n_samples = rate_hz, 0  # samples written
        self.container = av.open(cast("IO[bytes]", file), "w", format=codec.container, options=dict(codec.options))
        stream = self.container.add_stream(codec.name, rate=rate_hz, layout="mono", options=dict(codec.effort))
        self.stream = cast("AudioStream", stream)
        self.stream.bit_rate = codec.bit_rate
        if title:
            self.container.metadata["title"] = title

    def encode(self, samples: "np.ndarray[tuple[int], np.dtype[np.int16]]") -> None:
        """Write more samples."""
        frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = self._rate_hz, self._n_samples
        with contextlib.nullcontext() if self._n_samples else single_core():
            self._mux_packets(frame)
        self._n_samples += len(samples)

    def close(self) -> None:
        """Write what is pending, and the end of the container."""
        self._mux_packets(None)
        self.container.close()

    def discard(self) -> None:
        """Free the codec; the container is closed as it is."""
        self.container.close()

    def _mux_packets(self, frame: AudioFrame | None) -> None:
        for packet in self.stream.encode(frame):
            self.container.mux(packet)


class FfmpegEncoder:
    """Writes s16le mono at a rate that the format can hold."""

    def __init__(self, output: EncoderOutput, codec: FfmpegCodec, rate_hz: int, title: str = "") -> None:
        self._output, self._buffer = output, io.BytesIO()
        self._step = rate_hz * FRAME_MS // 1000
        self.muxer = Muxer(SimpleNamespace(write=self._buffer.write), codec, rate_hz, title)

    def write(self, pcm: bytes) -> None:
        for samples in _frames(pcm, self._step):
            self.muxer.encode(samples)
            self._flush_buffer()

    def close(self) -> None:
        self.muxer.close()
        self._flush_buffer()

    def discard(self) -> None:
        """Free the encoder; what closing writes is dropped."""
        self.muxer.discard()

    def _flush_buffer(self) -> None:
        if written := self._buffer.getvalue():
            self._buffer.seek(0)
            self._buffer.truncate()
            self._output.append(written)


class M4aEncoder:
    """Writes s16le mono as AAC in an MP4 file, whose table of contents comes first: it is output only when complete.

    Until then it is in a folder beside its output, or in the one for temporary files: 29 MB an hour.
    """

    def __init__(self, output: EncoderOutput, rate_hz: int, title: str) -> None:
        self._output = output
        self._step = rate_hz * FRAME_MS // 1000
        with translate_write_errors(TEMPORARY):
            self._folder = tempfile.TemporaryDirectory(prefix=".m4a-", dir=output.scratch, ignore_cleanup_errors=True)
            self._path = Path(self._folder.name) / "speech.m4a"
            self._muxer = Muxer(str(self._path), M4A, rate_hz, title)

    def write(self, pcm: bytes) -> None:
        with translate_write_errors(TEMPORARY):
            for samples in _frames(pcm, self._step):
                self._muxer.encode(samples)

    def close(self) -> None:
        with translate_write_errors(TEMPORARY):
            self._muxer.close()
        with self._path.open("rb") as file:
            while data := file.read(COPY_BYTES):
                self._output.append(data)
        self._folder.cleanup()

    def discard(self) -> None:
        """Remove the temporary file."""
        with contextlib.suppress(OSError):
            self._muxer.discard()
        self._folder.cleanup()


def _frames(pcm: bytes, step: int) -> Iterator["np.ndarray[tuple[int], np.dtype[np.int16]]"]:
    samples = np.frombuffer(pcm, "<i2")
    for start in range(0, len(samples), step):
        yield samples[start : start + step]


@contextlib.contextmanager
def single_core() -> Iterator[None]:
    """Pin this thread to one core while FFmpeg counts them: it would start an idle thread for each."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)  # of this thread alone
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def opus_encoder(output: EncoderOutput, rate_hz: int, title: str) -> FfmpegEncoder:
    """Begin a stream of Opus in Ogg pages."""
    return FfmpegEncoder(output, OPUS, rate_hz, title)


def aac_encoder(output: EncoderOutput, rate_hz: int, title: str) -> FfmpegEncoder:
    """Begin a stream of AAC in ADTS frames."""
    return FfmpegEncoder(output, AAC, rate_hz, title)
