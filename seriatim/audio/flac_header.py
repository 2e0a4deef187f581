"""The header of a FLAC file: its length, its seek table, its title (RFC 9639, 8). Pure.

Until the end is known, and for ever in a stream, lengths are 0, which stands for "unknown". A file keeps room for a
table of a hundred places, which is filled in at its end: players that seek need not search.
"""

import struct
from dataclasses import dataclass, field

_POINTS = 100  #: places in the table: a player's bar is some hundred pixels wide
_POINT = struct.Struct(">QQH")  #: first sample of a frame, its offset behind the first frame, its samples
_EMPTY = _POINT.pack(2**64 - 1, 0, 0)  #: a place that is not used (8.5)
_STREAMINFO, _SEEKTABLE, _COMMENT, _LAST = 0, 3, 4, 0x80  #: types of blocks


@dataclass(slots=True)
class FlacFrames:
    """The frames of a file as far as they are made: what its header says of them."""

    n_samples: int = 0
    n_bytes: int = 0
    least_bytes: int = 0  #: the smallest frame
    most_bytes: int = 0  #: the largest
    points: list[bytes] = field(default_factory=list)
    _every: int = 1  #: a place for each of so many frames
    _n_frames: int = 0

    def add(self, frame_bytes: int, n_samples: int) -> None:
        """One more frame."""
        if self._n_frames % self._every == 0:
            self.points.append(_POINT.pack(self.n_samples, self.n_bytes, n_samples))
            if len(self.points) > _POINTS:  # every other one goes
                self.points, self._every = self.points[::2], 2 * self._every
        self._n_frames += 1
        self.n_samples += n_samples
        self.n_bytes += frame_bytes
        self.least_bytes = min(self.least_bytes or frame_bytes, frame_bytes)
        self.most_bytes = max(self.most_bytes, frame_bytes)


@dataclass(frozen=True, slots=True)
class FlacHeader:
    """What is known of a file before its sound."""

    rate_hz: int
    block_samples: int  #: samples of each frame but the last
    seekable: bool  #: is it a file, with a table of places?
    title: str = ""

    def packed(self, frames: FlacFrames, md5: bytes) -> bytes:
        """All that goes before the frames, always of one length; `md5`: of the samples, s16le."""
        blocks = [_block(_STREAMINFO, self._streaminfo(frames, md5))]
        if self.seekable:
            blocks.append(_block(_SEEKTABLE, b"".join(frames.points + [_EMPTY] * (_POINTS - len(frames.points)))))
        return b"fLaC" + b"".join([*blocks, _block(_COMMENT | _LAST, _comment(self.title))])

    def _streaminfo(self, frames: FlacFrames, md5: bytes) -> bytes:
        blocks = struct.pack(">HH", self.block_samples, self.block_samples)  # the smallest, the largest; not the last
        sizes = frames.least_bytes << 24 | frames.most_bytes
        sound = self.rate_hz << 44 | 0 << 41 | 15 << 36 | frames.n_samples  # one channel, 16 bits: each less 1
        return blocks + sizes.to_bytes(6) + sound.to_bytes(8) + md5


def _block(kind: int, body: bytes) -> bytes:
    return bytes((kind,)) + len(body).to_bytes(3) + body


def _comment(title: str) -> bytes:
    """Vorbis' tags: who made it, and the title if there is one."""
    tags = [f"TITLE={title}"] if title else []
    fields = [_sized("seriatim"), struct.pack("<I", len(tags)), *map(_sized, tags)]
    return b"".join(fields)


def _sized(text: str) -> bytes:
    return struct.pack("<I", len(text.encode())) + text.encode()
