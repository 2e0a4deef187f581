"""Audiobook files (M4B): AAC in an MP4 file with chapters, a cover and tags, written through FFmpeg (PyAV).

FFmpeg writes the chapters twice, as players expect one or the other: Nero's list (`chpl`) and QuickTime's text track.
The file is bit-exact: the same audio, chapters and tags have the same bytes.
"""

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import av
import numpy as np
from av.stream import Disposition
from av.video.frame import VideoFrame

from seriatim.audio.ffmpeg_encoders import FRAME_MS, M4A, Muxer
from seriatim.audio.output_file import translate_write_errors
from seriatim.errors import BadInput

#: `stik` 2 is an audiobook, by which Apple's players sort it
_MEDIA_TYPE = "2"
_M4B = replace(M4A, container="mp4", options=dict(M4A.options) | {"brand": "M4B "})
JPEG, PNG = "image/jpeg", "image/png"
_SIGNATURES = {b"\xff\xd8\xff": JPEG, b"\x89PNG\r\n\x1a\n": PNG}


@dataclass(frozen=True, slots=True)
class ChapterMark:
    """A chapter of a file."""

    title: str
    start: int  #: samples from the beginning of the file
    end: int


@dataclass(frozen=True, slots=True)
class BookTags:
    """The facts that the tags of a file state; "" and b"" are left out."""

    title: str = ""
    author: str = ""
    narrator: str = ""
    language: str = ""  #: BCP 47
    cover: bytes = b""  #: JPEG or PNG (`usable_cover`)


def cover_type(image: bytes) -> str:
    """The media type of a cover that files can hold; "" for any other image."""
    return next((kind for signature, kind in _SIGNATURES.items() if image.startswith(signature)), "")


def usable_cover(image: bytes) -> bytes:
    """The cover as JPEG or PNG, whatever image it is; b"" where FFmpeg cannot read it."""
    if not image or cover_type(image):
        return image
    with contextlib.suppress(av.FFmpegError, ValueError, IndexError, StopIteration):
        with av.open(io.BytesIO(image), "r") as source:
            frame = next(source.decode(video=0))
        return _png(frame)
    return b""


class AudiobookFile:
    """An M4B file being written, at a path that has no other reader yet. Takes s16le mono."""

    def __init__(self, path: str, rate_hz: int, tags: BookTags, chapters: Sequence[ChapterMark]) -> None:
        """Begin the file.

        Raises:
            Unwritable: no permission, or the disk is full.
            BadInput: the cover is not an image that the file can hold.
        """
        self._path, self._step = path, rate_hz * FRAME_MS // 1000
        with translate_write_errors(path):
            self._muxer = Muxer(path, _M4B, rate_hz, tags.title)
            container = self._muxer.container
            container.metadata.update(_metadata(tags))
            container.set_chapters([_chapter(i, mark, rate_hz) for i, mark in enumerate(chapters)])
            if tags.cover:
                self._add_cover(tags.cover)

    def write(self, pcm: bytes) -> None:
        """Write more audio.

        Raises:
            Unwritable: the disk is full, for instance.
        """
        samples = np.frombuffer(pcm, "<i2")
        with translate_write_errors(self._path):
            for start in range(0, len(samples), self._step):
                self._muxer.encode(samples[start : start + self._step])

    def close(self) -> None:
        """Complete the file.

        Raises:
            Unwritable: the disk is full, for instance.
        """
        with translate_write_errors(self._path):
            self._muxer.close()

    def discard(self) -> None:
        """Free the encoder; the file stays incomplete."""
        with contextlib.suppress(OSError):
            self._muxer.discard()

    def _add_cover(self, cover: bytes) -> None:
        try:
            with av.open(io.BytesIO(cover), "r") as image:
                stream = self._muxer.container.add_stream_from_template(image.streams.video[0])
                stream.disposition = Disposition.attached_pic
                packet = next(image.demux(video=0))
                packet.stream = stream
                packet.pts = packet.dts = 0
                self._muxer.container.mux(packet)
        except (av.InvalidDataError, ValueError, IndexError, StopIteration) as error:
            raise BadInput(f"the cover is not an image that an M4B file can hold: {error}") from None


def _metadata(tags: BookTags) -> dict[str, str]:
    facts = {
        "title": tags.title, "album": tags.title, "artist": tags.author, "album_artist": tags.author,
        "composer": tags.narrator, "genre": "Audiobook", "media_type": _MEDIA_TYPE,
    }  # fmt: skip
    return {name: value for name, value in facts.items() if value}


def _chapter(index: int, mark: ChapterMark, rate_hz: int) -> "av.container.Chapter":
    return {
        "id": index, "start": mark.start, "end": mark.end, "time_base": Fraction(1, rate_hz),
        "metadata": {"title": mark.title},
    }  # fmt: skip


def _png(frame: VideoFrame) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="image2pipe") as target:
        stream = target.add_stream("png", rate=1)
        stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "rgb24"
        for packet in (*stream.encode(frame.reformat(format="rgb24")), *stream.encode(None)):
            target.mux(packet)
    return file.getvalue()
