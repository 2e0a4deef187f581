"""WAV reader for streams: the header tells the rate and the form of the samples, its sizes may be unknown.

A server that streams does not know the length; it writes 0 or the largest number, and the sound ends with the bytes.
Some write a length that is too small, such as that of their first piece, or send one WAV behind another: what follows
the samples is sound, too, unless it looks like a chunk of another kind.
"""

import struct

import numpy as np
import numpy.typing as npt

from seriatim.errors import UpstreamFailed

UNKNOWN_SIZES = (0, 0x7FFFFFFF, 0xFFFFFFFF)
STREAMED_FROM = 0x7FFFF000  #: sizes from here on are placeholders, less a header or two
MOST_HEADER = 1 << 16  #: bytes before the samples: a title, a picture would be larger
PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
MOST_TRAILING = 1 << 20  #: of a chunk behind the samples; a printable name and a smaller size are no sound
RIFF, CHUNK, FORMAT = struct.Struct("<4sI4s"), struct.Struct("<4sI"), struct.Struct("<HHIIHH")


class WavReader:
    """The reader of one stream; `rate_hz` is 0 until the header has arrived."""

    def __init__(self) -> None:
        self.rate_hz = 0
        self._pending = bytearray()
        self._channels, self._kind, self._bits = 1, PCM, 16
        self._left: int | None = None  #: bytes of samples that must still come; None: until the bytes end
        self._in_samples = False
        self._padding = 0  #: bytes between the samples and what follows
        self._trailing = False  #: what follows is no sound

    def feed(self, data: bytes) -> bytes:
        """Add bytes; returns s16le mono, possibly none.

        Raises:
            UpstreamFailed: this is no WAV, or one of a form that is not known.
        """
        if self._trailing:
            return b""
        self._pending += data
        pcm = b""
        while self._in_samples or self._read_header():
            pcm += self._take_samples()
            if not self._goes_on():
                break
        return pcm

    def finish(self) -> bytes:
        """Nothing more.

        Raises:
            UpstreamFailed: fewer bytes came than the header says.
        """
        if not self._in_samples:
            raise UpstreamFailed(f"the sound ends after {len(self._pending)} bytes, within the header of a WAV")
        if self._left or (self._left is None and self._pending and not self._trailing):
            raise UpstreamFailed("the sound ends before the length that its WAV header gives: it was cut")
        return b""

    def _goes_on(self) -> bool:
        """Tell whether more sound follows the samples: another WAV, or more than the header says."""
        if self._left != 0 or len(self._pending) < self._padding + CHUNK.size:
            return False
        del self._pending[: self._padding]
        name, size = CHUNK.unpack_from(self._pending)
        self._padding, self._in_samples = 0, name != b"RIFF"
        if self._in_samples and name.isascii() and name.decode("ascii").isprintable() and size < MOST_TRAILING:
            self._trailing = True
        self._left = None
        return not self._trailing

    def _read_header(self) -> bool:
        """Read up to the samples; False if more bytes are needed."""
        at = RIFF.size
        if len(self._pending) < at:
            return False
        riff, _, wave = RIFF.unpack_from(self._pending)
        if riff != b"RIFF" or wave != b"WAVE":
            raise UpstreamFailed("the sound is no WAV: it has no RIFF header; look at format")
        while len(self._pending) >= at + CHUNK.size:
            name, size = CHUNK.unpack_from(self._pending, at)
            at += CHUNK.size
            if name == b"data":
                self._start_samples(at, size)
                return True
            if name == b"fmt " and len(self._pending) >= at + FORMAT.size:
                self._read_format(at)
            at += size + size % 2
            if at > MOST_HEADER:
                raise UpstreamFailed("the sound is no WAV: no samples behind its header")
        return False

    def _read_format(self, at: int) -> None:
        kind, channels, rate_hz, _, _, bits = FORMAT.unpack_from(self._pending, at)
        if kind == EXTENSIBLE and len(self._pending) >= at + 26:
            kind = struct.unpack_from("<H", self._pending, at + 24)[0]
        if self.rate_hz not in (0, rate_hz):
            raise UpstreamFailed(f"a second WAV of {rate_hz} Hz behind one of {self.rate_hz} Hz; expected one rate")
        if (kind, bits) not in ((PCM, 16), (PCM, 24), (PCM, 32), (FLOAT, 32)) or not channels or not rate_hz:
            raise UpstreamFailed(
                f"a WAV of format {kind} with {bits} bits; expected 16, 24 or 32 bits, or 32-bit float"
            )
        self._kind, self._channels, self._bits, self.rate_hz = kind, channels, bits, rate_hz

    def _start_samples(self, at: int, size: int) -> None:
        if not self.rate_hz:
            raise UpstreamFailed("the sound is no WAV: its samples come before their format")
        self._left = None if size in UNKNOWN_SIZES or size >= STREAMED_FROM else size
        self._padding = size % 2
        del self._pending[:at]
        self._in_samples = True

    def _take_samples(self) -> bytes:
        frame = self._channels * self._bits // 8
        available = len(self._pending) if self._left is None else min(self._left, len(self._pending))
        n_bytes = available // frame * frame
        taken = bytes(self._pending[:n_bytes])
        del self._pending[:n_bytes]
        if self._left is not None:
            self._left -= n_bytes
        return self._mono(taken)

    def _mono(self, data: bytes) -> bytes:
        if self._channels == 1 and self._bits == 16:
            return data
        values = self._values(data).reshape(-1, self._channels).mean(axis=1)
        mono: bytes = np.clip(np.rint(values), -32768, 32767).astype("<i2").tobytes()
        return mono

    def _values(self, data: bytes) -> npt.NDArray[np.float64]:
        """The samples in the range of 16 bits."""
        if self._kind == FLOAT:
            return np.frombuffer(data, "<f4").astype(np.float64) * 32767
        if self._bits == 24:
            triples = np.frombuffer(data, np.uint8).reshape(-1, 3)
            whole: npt.NDArray[np.float64] = (
                triples[:, 1].astype(np.float64) + triples[:, 2].astype(np.int8) * 256.0 + triples[:, 0] / 256
            )
            return whole
        values: npt.NDArray[np.float64] = np.frombuffer(data, f"<i{self._bits // 8}") / 2.0 ** (self._bits - 16)
        return values
