"""Vorbis in Ogg pages, encoded by libsndfile: the wheel of FFmpeg has no good encoder of it.

Memory is constant, however long the speech.

libsndfile writes through callbacks, and whatever Python raises inside a callback (a full disk) is printed and lost by
cffi. Therefore the callbacks only append to a `Tape` in memory, which is emptied into the sink afterwards, in ordinary
code.

The same samples give the same encoding, however they were cut when they came: Vorbis looks ahead over what it was
given, so the samples are cut again into blocks of fixed length.
"""

import numpy as np
import soundfile

from seriatim.audio.ogg_pages import OggPages
from seriatim.audio.output_file import EncoderOutput
from seriatim.audio.pcm import BYTES_PER_SAMPLE

_BLOCKS_PER_S = 10  #: a player of a pipe waits up to 0.1 s more; longer blocks do not make encoding any faster


class Tape:
    """A file in memory, of which the bytes that were written since the last look are held, and nothing else.

    A stream of Ogg pages is never corrected, but libsndfile asks where it stands.
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
        self._tape = Tape()
        self._pages = OggPages()
        self._block_bytes = max(1, rate_hz // _BLOCKS_PER_S) * BYTES_PER_SAMPLE
        self._held = bytearray()  #: samples that do not fill a block yet
        self._file = soundfile.SoundFile(
            self._tape, "w", samplerate=rate_hz, channels=1, format="OGG", subtype="VORBIS"
        )
        if title:
            self._file.title = title
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
        self._sink.append(self._pages.feed(self._tape.take()))
