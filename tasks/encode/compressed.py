"""Formats that libsndfile encodes: FLAC, Vorbis, Opus, MP3. Memory is constant, however long the speech.

libsndfile writes through callbacks, and whatever Python raises inside a callback (a full disk, Ctrl-C) is printed and
lost by cffi. Therefore the callbacks only append to a `Tape` in memory, which is emptied into the sink afterwards,
in ordinary code; and libsndfile runs on a thread of its own, where Python never raises KeyboardInterrupt.

The same samples give the same encoding, however they were cut when they came: Vorbis looks ahead over what it was
given, so the samples are cut again into blocks of fixed length. (Ogg files still differ in their random serial number.)
"""

from functools import partial

import numpy as np
import numpy.typing as npt
import soundfile
import soxr  # type: ignore[import-untyped]  # the package ships no types

from seriatim.errors import UnknownFormat
from seriatim.pcm import BYTES_PER_SAMPLE
from tasks.encode.apart import Apart
from tasks.encode.formats import AudioFormat
from tasks.encode.sink import Output

_BLOCKS_PER_S = 10  #: a player of a pipe waits up to 0.1 s more; longer blocks do not make encoding any faster
_FULL_SCALE = 32768.0  #: s16le to -1..1

Samples = npt.NDArray[np.int16] | npt.NDArray[np.float32]


def check_available(audio_format: AudioFormat) -> None:
    """See that this machine's libsndfile can encode the format: a system's own may be older than the one we pin.

    Raises:
        UnknownFormat: it cannot.
    """
    if not soundfile.check_format(audio_format.container, audio_format.subtype):
        version = soundfile.__libsndfile_version__
        raise UnknownFormat(f"libsndfile {version} cannot write {audio_format.name}; 1.1 or newer can")


class Tape:
    """A file in memory, of which the parts that were written since the last look are held, and nothing else."""

    def __init__(self) -> None:
        self._position = 0
        self._end = 0
        self._written: list[tuple[int, bytes]] = []

    def write(self, data: bytes) -> int:
        self._written.append((self._position, data))
        self.seek(len(data), 1)
        self._end = max(self._end, self._position)
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        self._position = (0, self._position, self._end)[whence] + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def take(self) -> list[tuple[int, bytes]]:
        """The parts written since the last call, each with its offset in the file (0-based), in their order."""
        written, self._written = self._written, []
        return written


class CompressedEncoder:
    """Writes s16le mono through libsndfile, resampled where the format cannot hold the rate."""

    def __init__(self, sink: Output, audio_format: AudioFormat, rate_hz: int) -> None:
        self._sink = sink
        self._tape = Tape()
        self._block_bytes = max(1, rate_hz // _BLOCKS_PER_S) * BYTES_PER_SAMPLE
        self._held = bytearray()  #: samples that do not fill a block yet
        file_rate_hz = audio_format.rate_for(rate_hz)
        self._resampler = None if file_rate_hz == rate_hz else _resampler(rate_hz, file_rate_hz)
        self._apart = Apart("encoder")
        self._apart.call(partial(self._open, audio_format, file_rate_hz))
        self._drain()

    def write(self, pcm: bytes) -> None:
        self._held += pcm
        whole = len(self._held) - len(self._held) % self._block_bytes
        if whole:
            blocks = bytes(self._held[:whole])
            del self._held[:whole]
            self._apart.call(partial(self._encode, blocks))
            self._drain()

    def close(self) -> None:
        self._apart.call(self._finish)
        self._apart.stop()
        self._drain()

    def discard(self) -> None:
        """Free what libsndfile holds, and write nothing more."""
        self._apart.stop(self._file.close)

    def _open(self, audio_format: AudioFormat, rate_hz: int) -> None:
        self._file = soundfile.SoundFile(
            self._tape,
            "w",
            samplerate=rate_hz,
            channels=1,
            format=audio_format.container,
            subtype=audio_format.subtype,
            compression_level=audio_format.compression_level,
            bitrate_mode=audio_format.bitrate_mode,
        )

    def _encode(self, blocks: bytes, *, last: bool = False) -> None:
        samples: Samples = np.frombuffer(blocks, "<i2")
        for start in range(0, max(1, len(samples)), self._block_bytes // BYTES_PER_SAMPLE):
            block = samples[start : start + self._block_bytes // BYTES_PER_SAMPLE]
            if self._resampler is not None:
                block = self._resampler.resample_chunk(block.astype(np.float32) / np.float32(_FULL_SCALE), last=last)
            if len(block):
                self._file.write(block)

    def _finish(self) -> None:
        self._encode(bytes(self._held), last=True)
        self._file.close()

    def _drain(self) -> None:
        for offset, data in self._tape.take():
            if offset == self._sink.n_bytes:
                self._sink.append(data)
            else:
                self._sink.patch(offset, data)


def _resampler(from_hz: int, to_hz: int) -> soxr.ResampleStream:
    return soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32", quality="HQ")
