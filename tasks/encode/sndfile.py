"""FLAC and Vorbis, encoded by libsndfile. Memory is constant, however long the speech.

libsndfile writes through callbacks, and whatever Python raises inside a callback (a full disk) is printed and lost by
cffi. Therefore the callbacks only append to a `Tape` in memory, which is emptied into the sink afterwards, in ordinary
code.

The same samples give the same encoding, however they were cut when they came: Vorbis looks ahead over what it was
given, so the samples are cut again into blocks of fixed length.
"""

from dataclasses import dataclass

import numpy as np
import soundfile

from seriatim.pcm import BYTES_PER_SAMPLE
from tasks.encode.oggpages import OggPages
from tasks.encode.sink import Output

_BLOCKS_PER_S = 10  #: a player of a pipe waits up to 0.1 s more; longer blocks do not make encoding any faster


@dataclass(frozen=True, slots=True)
class Encoding:
    """One of libsndfile's, by its names for container and codec."""

    container: str
    subtype: str


FLAC = Encoding("FLAC", "PCM_16")
VORBIS = Encoding("OGG", "VORBIS")


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


class SndfileEncoder:
    """Writes s16le mono at a rate that the format can hold."""

    def __init__(self, sink: Output, encoding: Encoding, rate_hz: int) -> None:
        self._sink = sink
        self._tape = Tape()
        self._pages = OggPages() if encoding.container == "OGG" else None
        self._block_bytes = max(1, rate_hz // _BLOCKS_PER_S) * BYTES_PER_SAMPLE
        self._held = bytearray()  #: samples that do not fill a block yet
        self._file = soundfile.SoundFile(
            self._tape, "w", samplerate=rate_hz, channels=1, format=encoding.container, subtype=encoding.subtype
        )
        self._drain()

    def write(self, pcm: bytes) -> None:
        self._held += pcm
        whole = len(self._held) - len(self._held) % self._block_bytes
        if whole:
            blocks = bytes(self._held[:whole])
            del self._held[:whole]
            self._encode(blocks)
            self._drain()

    def close(self) -> None:
        self._encode(bytes(self._held))
        self._file.close()
        self._drain()

    def discard(self) -> None:
        """Free what libsndfile holds, and write nothing more."""
        self._file.close()

    def _encode(self, blocks: bytes) -> None:
        samples = np.frombuffer(blocks, "<i2")
        step = self._block_bytes // BYTES_PER_SAMPLE
        for start in range(0, len(samples), step):
            self._file.write(samples[start : start + step])

    def _drain(self) -> None:
        for offset, data in self._tape.take():
            if self._pages is not None:  # an Ogg stream is never corrected
                self._sink.append(self._pages.feed(data))
            elif offset == self._sink.n_bytes:
                self._sink.append(data)
            else:
                self._sink.patch(offset, data)
