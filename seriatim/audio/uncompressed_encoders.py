"""Encoders of uncompressed formats: WAV and raw PCM.

A WAV header gives 32-bit sizes, which end at 4 GiB (24.8 hours at 24 kHz). So a header that can be corrected later
reserves 36 bytes (a JUNK chunk) for the 64-bit sizes of RF64 if they are needed: EBU Tech 3306, "RF64: An extended file
format for audio", section 3. Until the end is known, and always in a pipe, the sizes are 0xFFFFFFFF, which players read
as "until the end of the bytes".
"""

import struct
from collections.abc import Callable
from functools import partial

from seriatim.audio.output_file import EncoderOutput
from seriatim.audio.pcm import BYTES_PER_SAMPLE
from seriatim.audio.title_tags import riff_info

_UNKNOWN = 0xFFFFFFFF  #: a 32-bit size that is not known, or does not fit (EBU Tech 3306)
_ROOM = struct.Struct("<4sI28x")  #: the reserved chunk
_DS64 = struct.Struct("<4sIQQQI")  #: the chunk that replaces it: sizes of file and data, samples, no table
_FMT = struct.Struct("<4sIHHIIHH")


def wav_header(rate_hz: int, data_bytes: int | None, *, room: bool = True, tail_bytes: int = 0) -> bytes:
    """The header of a WAV file of s16le mono.

    Args:
        rate_hz: samples per second.
        data_bytes: bytes of samples that follow; None if not known yet.
        room: reserve 36 bytes for larger sizes (80 bytes of header), else the classic 44 bytes.
        tail_bytes: bytes of other chunks after the samples.
    """
    spare = _ROOM.pack(b"JUNK", _ROOM.size - 8) if room else b""
    riff, riff_bytes, size = b"RIFF", _UNKNOWN, _UNKNOWN
    if data_bytes is not None:
        total = len(spare) + _FMT.size + 12 + data_bytes + tail_bytes  # "WAVE" and the head of the data chunk are 12
        if total < _UNKNOWN:
            riff_bytes, size = total, data_bytes
        else:
            riff = b"RF64"
            spare = _DS64.pack(b"ds64", 28, total, data_bytes, data_bytes // BYTES_PER_SAMPLE, 0)
    fmt = _FMT.pack(b"fmt ", 16, 1, 1, rate_hz, rate_hz * BYTES_PER_SAMPLE, BYTES_PER_SAMPLE, 16)
    return struct.pack("<4sI4s", riff, riff_bytes, b"WAVE") + spare + fmt + struct.pack("<4sI", b"data", size)


class UncompressedEncoder:
    """Writes a header and then the samples; the header is corrected at the end where the sink allows."""

    def __init__(self, sink: EncoderOutput, header: Callable[[int | None], bytes], tail: bytes = b"") -> None:
        self._sink = sink
        self._tail = tail  #: chunks after the samples of a file; in a stream they would be audible
        self._header = header  #: returns the header for a number of bytes of samples, None while unknown
        self._data_bytes = 0
        sink.append(header(None))

    def write(self, pcm: bytes) -> None:
        self._sink.append(pcm)
        self._data_bytes += len(pcm)

    def close(self) -> None:
        if self._sink.patchable:
            self._sink.append(self._tail)
        self._sink.patch(0, self._header(self._data_bytes))

    def discard(self) -> None:
        """Nothing to release."""


def wav_encoder(output: EncoderOutput, rate_hz: int, title: str) -> UncompressedEncoder:
    """Begin a WAV file, with its title after the samples."""
    tail = riff_info(title)
    header = partial(wav_header, rate_hz, room=output.patchable, tail_bytes=len(tail))
    return UncompressedEncoder(output, header, tail)


def pcm_encoder(output: EncoderOutput, _rate_hz: int, _title: str) -> UncompressedEncoder:
    """Begin a file that has samples only."""
    return UncompressedEncoder(output, lambda _data_bytes: b"")
