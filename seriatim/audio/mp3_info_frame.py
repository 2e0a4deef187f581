"""The info frame, first in an MP3 file: silent, with the length of the audio and what to trim at both ends. Pure.

Without it players guess the length, and play the encoder's padding (50 ms at 22,050 Hz). The frame of a constant rate
has the name "Info" (LAME's lame/doc and "MP3 Info Tag revision 1"); players that do not know it play a silent frame.
"""

import struct
from dataclasses import dataclass

DELAY = 576  #: samples that LAME puts before the audio; players add a decoder's 529 themselves
_MPEG1_HZ = 32_000  #: from here on a file is MPEG 1, below MPEG 2 (ISO/IEC 11172-3 and 13818-3)
_RATE_INDEX = {44_100: 0, 22_050: 0, 48_000: 1, 24_000: 1, 32_000: 2, 16_000: 2}
_BITRATE_INDEX = {True: {128: 9}, False: {64: 8}}  #: by MPEG 1 or not, and kbit/s
_MONO = 0xC4  #: one channel, original
_FIELDS = 0x0F  #: frames, bytes, table of contents and quality follow
_QUALITY = 50
_CONSTANT = 0x01  #: revision 0, constant bit rate
_LAME = struct.Struct(">9sBB8sBB3sBBHI2s")  #: encoder, method, 3 fields, kbit, trim, 3 fields, bytes, checksum


@dataclass(frozen=True, slots=True)
class Mp3Rate:
    """The framing of MP3 of a constant bit rate."""

    rate_hz: int  #: of the samples
    kbit: int  #: per second of the file

    @property
    def frame_samples(self) -> int:
        """Samples in a frame."""
        return 1152 if self.rate_hz >= _MPEG1_HZ else 576

    @property
    def frame_bytes(self) -> int:
        """Bytes of a frame without padding."""
        return self.frame_samples * 125 * self.kbit // self.rate_hz

    def frames_in(self, n_bytes: int) -> int:
        """The number of frames in `n_bytes`; some are a byte longer than others."""
        return round(n_bytes * self.rate_hz / (self.frame_samples * 125 * self.kbit))

    def info_frame(self, n_samples: int, n_bytes: int) -> bytes:
        """The frame before `n_bytes` of frames with `n_samples` of audio; its length is constant."""
        mpeg1 = self.rate_hz >= _MPEG1_HZ
        index = _BITRATE_INDEX[mpeg1][self.kbit] << 4 | _RATE_INDEX[self.rate_hz] << 2
        head = bytes((0xFF, 0xFB if mpeg1 else 0xF3, index, _MONO)) + bytes(17 if mpeg1 else 9)
        n_frames, whole = self.frames_in(n_bytes), self.frame_bytes + n_bytes
        contents = bytes(at * 256 // 100 for at in range(100))  # of a constant rate: as far in bytes as in time
        xing = struct.pack(">4sIII100sI", b"Info", _FIELDS, n_frames, whole, contents, _QUALITY)
        padding = max(0, n_frames * self.frame_samples - DELAY - n_samples)
        trim = (DELAY << 12 | min(padding, 0xFFF)).to_bytes(3)
        lame = _LAME.pack(b"LAME3.100", _CONSTANT, 0, bytes(8), 0, self.kbit, trim, 0, 0, 0, whole, bytes(2))
        frame = head + xing + lame
        return (frame + crc16(frame).to_bytes(2)).ljust(self.frame_bytes, b"\0")


def crc16(data: bytes) -> int:
    """CRC-16 with polynomial 0x8005, lowest bit first, from 0."""
    found = 0
    for byte in data:
        found ^= byte
        for _ in range(8):
            found = found >> 1 ^ (0xA001 if found & 1 else 0)
    return found
