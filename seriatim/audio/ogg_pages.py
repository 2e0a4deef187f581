"""Pages of an Ogg stream, given the same serial number whenever they are written. Pure.

libsndfile draws the number by chance, so that the same sound had other bytes each time. It only tells streams apart
that share a file (RFC 3533, 4); ours are alone, and have the number 0. The checksum of each page follows.
"""

import struct
import zlib

_HEAD = struct.Struct("<4sBBqIIIB")  #: mark, version, type, position, serial number, page, checksum, segments
_SERIAL_AT, _SUM_AT = 14, 22  #: in a page
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def checksum(page: bytes) -> int:
    """The checksum of a page that has 0 in its place: CRC-32 with the highest bit first, from 0 (RFC 3533, 6).

    zlib computes the same with the lowest bit first, from all ones.
    """
    lowest_first = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{lowest_first:032b}"[::-1], 2)


class OggPages:
    """Takes the bytes of an Ogg stream in any pieces, and gives whole pages with serial number 0."""

    def __init__(self) -> None:
        self._held = bytearray()  #: the beginning of a page

    def feed(self, data: bytes) -> bytes:
        """More bytes; returns the pages that are whole now, perhaps none."""
        self._held += data
        pages = []
        while n_bytes := self._page_bytes():
            pages.append(_numbered(self._held[:n_bytes]))
            del self._held[:n_bytes]
        return b"".join(pages)

    def _page_bytes(self) -> int:
        """How many bytes the first page has; 0 if it is not whole yet."""
        if len(self._held) < _HEAD.size:
            return 0
        head_bytes = _HEAD.size + self._held[_HEAD.size - 1]
        n_bytes = head_bytes + sum(self._held[_HEAD.size : head_bytes])
        return n_bytes if len(self._held) >= n_bytes else 0


def _numbered(page: bytearray) -> bytes:
    page[_SERIAL_AT : _SERIAL_AT + 4] = bytes(4)
    page[_SUM_AT : _SUM_AT + 4] = bytes(4)
    page[_SUM_AT : _SUM_AT + 4] = struct.pack("<I", checksum(bytes(page)))
    return bytes(page)
