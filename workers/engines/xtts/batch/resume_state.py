"""The resume state of a sentence: the engine's part of `AudioChunk.state`, from which another worker goes on.

The codes that were generated, how many samples of their sound were given out, and which take of the sentence it is.
Forced upon the model as a prefix the codes give the same latents on any device, and the generator of random numbers is
advanced by as many draws; so nothing else travels.

    offset  bytes
    0       1      VERSION
    1       1      1: the codes are compressed (zlib), 0: they are not, because that would be longer
    2       1      take, 0-based: how often the guard had the sentence spoken again
    3       8      seed of the take
    11      4      samples given out
    15      2      number of codes
    17      4      CRC-32 of all other bytes
    21             the codes, two bytes each

All little-endian. A sentence has 605 codes at most, so a state has at most 1,231 bytes.
"""

import struct
import zlib
from dataclasses import dataclass

import numpy as np

from seriatim.errors import EngineFailed

VERSION = 1
HIGHEST = 1025  #: of a code: 0..1023 are sound, 1024 starts and 1025 stops
_HEADER = struct.Struct("<BBBQIHI")
_CHECKED = struct.Struct("<BBBQIH")  # the header before its checksum


@dataclass(frozen=True, slots=True)
class ResumeState:
    """How far a take of a sentence has come."""

    codes: tuple[int, ...]  #: generated so far, 0..1025 each
    emitted_samples: int  #: samples given out, at the engine's rate
    seed: int  #: of this take, 0..2**63-1
    take: int = 0  #: 0-based, at most 255

    def pack(self) -> bytes:
        """The state in as few bytes as may be, under 1.3 kB."""
        plain = np.array(self.codes, "<u2").tobytes()
        small = zlib.compress(plain, 9)
        compressed = len(small) < len(plain)
        codes = small if compressed else plain
        checked = _CHECKED.pack(VERSION, compressed, self.take, self.seed, self.emitted_samples, len(self.codes))
        return checked + zlib.crc32(codes, zlib.crc32(checked)).to_bytes(4, "little") + codes

    @classmethod
    def unpack(cls, state: bytes) -> "ResumeState":
        """The state that was packed.

        Raises:
            EngineFailed: the bytes are not a state of this version, or were changed.
        """
        if len(state) < _HEADER.size:
            raise EngineFailed(f"an xtts state of {len(state)} bytes; expected {_HEADER.size} or more")
        version, compressed, take, seed, emitted_samples, n_codes, found = _HEADER.unpack_from(state)
        if version != VERSION:
            raise EngineFailed(f"an xtts state of version {version}; expected {VERSION}")
        codes = state[_HEADER.size :]
        expected = zlib.crc32(codes, zlib.crc32(state[: _CHECKED.size]))
        if found != expected:
            raise EngineFailed(f"an xtts state with checksum {found:08x}; expected {expected:08x}: it was changed")
        if compressed > 1 or seed >= 1 << 63:
            raise EngineFailed(f"an xtts state with compression {compressed} and seed {seed}; expected 0 or 1, 63 bits")
        return cls(_codes(_plain(codes, 2 * n_codes) if compressed else codes, n_codes), emitted_samples, seed, take)


def _plain(compressed: bytes, n_bytes: int) -> bytes:
    """The bytes, never many more than expected, whatever they claim to become."""
    stream = zlib.decompressobj()
    try:
        plain = stream.decompress(compressed, n_bytes + 1)
    except zlib.error as error:
        raise EngineFailed(f"an xtts state with codes that cannot be decompressed: {error}") from None
    if not stream.eof or stream.unused_data:
        raise EngineFailed(f"an xtts state with {len(compressed)} bytes of codes; expected {n_bytes} once decompressed")
    return plain


def _codes(plain: bytes, n_codes: int) -> tuple[int, ...]:
    if len(plain) != 2 * n_codes:
        raise EngineFailed(f"an xtts state with {len(plain)} bytes of codes; expected {2 * n_codes}")
    codes = tuple(np.frombuffer(plain, "<u2").tolist())
    if max(codes, default=0) > HIGHEST:
        raise EngineFailed(f"an xtts state with code {max(codes)}; expected 0 to {HIGHEST}")
    return codes
