"""The header of a FLAC file: its length, its seek table, its title (RFC 9639, 8). Pure.

Until the end is known, and always in a stream, lengths are 0, which means "unknown". A file reserves a seek table of a
hundred points, which is filled in at its end, so that players need not search.
"""

import struct
from dataclasses import dataclass, field

_POINTS = 100  #: points in the table: a player's bar is some hundred pixels wide
_POINT = struct.Struct(">QQH")  #: first sample of a frame, its offset behind the first frame, its samples
_EMPTY = _POINT.pack(2**64 - 1, 0, 0)  #: a placeholder point (8.5)
_STREAMINFO, _SEEKTABLE, _COMMENT, _LAST = 0, 3, 4, 0x80  #: types of blocks


@dataclass(slots=True)
class FlacFrames:
    """Figures of the frames written so far, for the header."""

    n_samples: int = 0
    n_bytes: int = 0
    smallest_bytes: int = 0  #: the smallest frame
    largest_bytes: int = 0  #: the largest
    points: list[bytes] = field(default_factory=list)
    _frames_per_point: int = 1  #: one point per this many frames
    _n_frames: int = 0

    def add(self, frame_bytes: int, n_samples: int) -> None:
        """Count one more frame."""
        if self._n_frames % self._frames_per_point == 0:
            self.points.append(_POINT.pack(self.n_samples, self.n_bytes, n_samples))
            if len(self.points) > _POINTS:  # drop every other one
                self.points, self._frames_per_point = self.points[::2], 2 * self._frames_per_point
        self._n_frames += 1
        self.n_samples += n_samples
        self.n_bytes += frame_bytes
        self.smallest_bytes = min(self.smallest_bytes or frame_bytes, frame_bytes)
        self.largest_bytes = max(self.largest_bytes, frame_bytes)


@dataclass(frozen=True, slots=True)
class FlacHeader:
    """The part of a header that is known before the audio."""

    rate_hz: int
    block_samples: int  #: samples of each frame but the last
    seekable: bool  #: a file, with a seek table
    title: str = ""

    def to_bytes(self, frames: FlacFrames, md5: bytes) -> bytes:
        """Everything before the frames, of constant length; `md5`: of the samples, s16le."""
        blocks = [_metadata_block(_STREAMINFO, self._streaminfo_body(frames, md5))]
        if self.seekable:
            blocks.append(
                _metadata_block(_SEEKTABLE, b"".join(frames.points + [_EMPTY] * (_POINTS - len(frames.points))))
            )
        return b"fLaC" + b"".join([*blocks, _metadata_block(_COMMENT | _LAST, _vorbis_comment(self.title))])

    def _streaminfo_body(self, frames: FlacFrames, md5: bytes) -> bytes:
        blocks = struct.pack(">HH", self.block_samples, self.block_samples)  # the smallest, the largest; not the last
        sizes = frames.smallest_bytes << 24 | frames.largest_bytes
        sound = self.rate_hz << 44 | 0 << 41 | 15 << 36 | frames.n_samples  # one channel, 16 bits: each less 1
        return blocks + sizes.to_bytes(6) + sound.to_bytes(8) + md5


def _metadata_block(kind: int, body: bytes) -> bytes:
    return bytes((kind,)) + len(body).to_bytes(3) + body


def _vorbis_comment(title: str) -> bytes:
    """A Vorbis comment: the vendor, and the title if there is one."""
    tags = [f"TITLE={title}"] if title else []
    fields = [_length_prefixed("seriatim"), struct.pack("<I", len(tags)), *map(_length_prefixed, tags)]
    return b"".join(fields)


def _length_prefixed(text: str) -> bytes:
    return struct.pack("<I", len(text.encode())) + text.encode()
