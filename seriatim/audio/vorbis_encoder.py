"""Vorbis encoder with Ogg pages, by libsndfile: FFmpeg's wheel has no good Vorbis encoder.

Memory is constant, however long the speech.

libsndfile writes through callbacks, and exceptions inside a callback (such as a full disk) are printed and lost by
cffi. Therefore the callbacks only append to a `MemoryFile`, which is copied to the sink outside the callback.

The same samples give the same encoding, however they were cut into chunks: Vorbis looks ahead over its input, so the
samples are cut again into blocks of fixed length.
"""

import numpy as np
import soundfile

from seriatim.audio.ogg_pages import OggPages
from seriatim.audio.output_file import EncoderOutput
from seriatim.audio.pcm import BYTES_PER_SAMPLE

_BLOCKS_PER_S = 10  #: adds up to 0.1 s of delay for a pipe; longer blocks are not any faster


class MemoryFile:
    """A file in memory that holds only the bytes written since the last `take`.

    A stream of Ogg pages is never corrected, but libsndfile asks for its position.
    """

    def __init__(self) -> None:
        self._end = 0
        self._written: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._written.append(data)
        self._end += len(data)
        return len(data)

    def seek(self, _offset: int, _whence: int = 0) -> int:
        return self._end

    def tell(self) -> int:
        return self._end

    def take(self) -> bytes:
        """The bytes written since the last call."""
        written, self._written = self._written, []
        return b"".join(written)


class VorbisEncoder:
    """Writes s16le mono at a rate that the format can hold."""

    def __init__(self, sink: EncoderOutput, rate_hz: int, title: str) -> None:
        self._sink = sink
        self._memory = MemoryFile()
        self._pages = OggPages()
        self._block_bytes = max(1, rate_hz // _BLOCKS_PER_S) * BYTES_PER_SAMPLE
        self._pending = bytearray()  #: samples that do not fill a block yet
        self._file = soundfile.SoundFile(
            self._memory, "w", samplerate=rate_hz, channels=1, format="OGG", subtype="VORBIS"
        )
        if title:
            self._file.title = title
        self._copy_pages()

    def write(self, pcm: bytes) -> None:
        self._pending += pcm
        n_complete = len(self._pending) - len(self._pending) % self._block_bytes
        if n_complete:
            blocks = bytes(self._pending[:n_complete])
            del self._pending[:n_complete]
            self._encode_blocks(blocks)
            self._copy_pages()

    def close(self) -> None:
        self._encode_blocks(bytes(self._pending))
        self._file.close()
        self._copy_pages()

    def discard(self) -> None:
        """Free libsndfile's resources, and write nothing more."""
        self._file.close()

    def _encode_blocks(self, blocks: bytes) -> None:
        samples = np.frombuffer(blocks, "<i2")
        step = self._block_bytes // BYTES_PER_SAMPLE
        for start in range(0, len(samples), step):
            self._file.write(samples[start : start + step])

    def _copy_pages(self) -> None:
        self._sink.append(self._pages.feed(self._memory.take()))
