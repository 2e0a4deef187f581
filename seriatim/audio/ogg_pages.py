"""Pages of an Ogg stream, given the same serial number whenever they are written. Pure.

libsndfile picks the number at random, so the same audio had other bytes each time. It only distinguishes streams that
share a file (RFC 3533, 4); these are alone, and get the number 0. The checksum of each page is recomputed.
"""

import struct
import zlib

_HEAD = struct.Struct("<4sBBqIIIB")  #: mark, version, type, position, serial number, page, checksum, segments
_SERIAL_AT, _SUM_AT = 14, 22  #: in a page
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def page_checksum(page: bytes) -> int:
    """The checksum of a page whose checksum field is 0: CRC-32 with the highest bit first, from 0 (RFC 3533, 6).

    zlib computes the same with the lowest bit first, from all ones.
    """
    lowest_first = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{lowest_first:032b}"[::-1], 2)


class OggPages:
    """Takes the bytes of an Ogg stream in any pieces, and returns complete pages with serial number 0."""

    def __init__(self) -> None:
        self._pending = bytearray()  #: the beginning of a page

    def feed(self, data: bytes) -> bytes:
        """Add bytes; returns the pages that are now complete, possibly none."""
        self._pending += data
        pages = []
        while n_bytes := self._page_bytes():
            pages.append(_with_serial_zero(self._pending[:n_bytes]))
            del self._pending[:n_bytes]
        return b"".join(pages)

    def _page_bytes(self) -> int:
        """The size of the first page; 0 if it is not complete yet."""
        if len(self._pending) < _HEAD.size:
            return 0
        head_bytes = _HEAD.size + self._pending[_HEAD.size - 1]
        n_bytes = head_bytes + sum(self._pending[_HEAD.size : head_bytes])
        return n_bytes if len(self._pending) >= n_bytes else 0


def _with_serial_zero(page: bytearray) -> bytes:
    page[_SERIAL_AT : _SERIAL_AT + 4] = bytes(4)
    page[_SUM_AT : _SUM_AT + 4] = bytes(4)
    page[_SUM_AT : _SUM_AT + 4] = struct.pack("<I", page_checksum(bytes(page)))
    return bytes(page)
