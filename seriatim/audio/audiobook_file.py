"""Audiobook files with chapters, a cover and tags: MP4 (M4B, M4A), FLAC and Opus through FFmpeg (PyAV), MP3 by LAME.

FFmpeg writes the chapters of an MP4 file twice, as players expect one or the other: Nero's list (`chpl`) and
QuickTime's text track. The files are bit-exact: the same audio, chapters and tags have the same bytes.
"""

import base64
import contextlib
import io
import os
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import av
import numpy as np
from av.container import OutputContainer
from av.stream import Disposition

from seriatim.audio.book_tags import BookTags, ChapterMark, cover_type
from seriatim.audio.encoder import Encoder
from seriatim.audio.ffmpeg_encoders import M4A, OPUS, FfmpegCodec, Muxer
from seriatim.audio.formats import format_named
from seriatim.audio.id3_tag import book_tag
from seriatim.audio.lame_encoder import LameEncoder
from seriatim.audio.output_file import FileDescriptorOutput, translate_write_errors
from seriatim.audio.resampler import ResamplingEncoder
from seriatim.errors import BadInput

_FRONT_COVER = 3  #: the type of a picture
STEP_MS = 1000  #: fed to an encoder at once; the 40 of streams, for little memory each, take a tenth more time


@dataclass(frozen=True, slots=True)
class BookFormat:
    """A format of books: the audio format that has its sample rates, and FFmpeg's codec (None: LAME)."""

    audio_format: str
    codec: FfmpegCodec | None = None
    metadata: Mapping[str, str] | None = None
    cover_comment: bool = False  #: the cover is a comment, not a stream of its own
    loss_db: float = 0.0  #: by which the encoder makes audio quieter


def _mp4(codec: FfmpegCodec, brand: str) -> FfmpegCodec:
    return replace(codec, container="mp4", options=dict(M4A.options) | {"brand": brand})


#: by the endings of files, and where there is a choice by the codec behind; `stik` 2 (media_type) is an audiobook, by
#: which Apple's players sort it
BOOK_FORMATS = {
    "m4b": BookFormat("m4a", _mp4(M4A, "M4B "), {"media_type": "2"}),
    "m4b-opus": BookFormat("opus", _mp4(OPUS, "M4B "), {"media_type": "2"}),
    "m4a": BookFormat("m4a", _mp4(M4A, "M4A "), {"media_type": "2"}),
    "m4a-opus": BookFormat("opus", _mp4(OPUS, "M4A "), {"media_type": "2"}),
    "mp3": BookFormat("mp3", loss_db=0.45),  # LAME's default scale is 0.95, against clipping
    "flac": BookFormat("flac", FfmpegCodec("flac", "flac", 0, {"fflags": "+bitexact"})),
    "opus": BookFormat("opus", replace(OPUS, options={"fflags": "+bitexact"}), cover_comment=True),
}


def open_book_file(
    path: str, format_name: str, rate_hz: int, tags: BookTags, chapters: Sequence[ChapterMark] = ()
) -> Encoder:
    """Begin a file, at a path that has no other reader yet, for audio and chapters at `rate_hz`.

    Raises:
        Unwritable: no permission, or the disk is full.
        BadInput: the cover is not an image that the file can hold.
    """
    book_format = BOOK_FORMATS[format_name]
    file_rate_hz = format_named(book_format.audio_format).rate_for(rate_hz)
    marks = [
        ChapterMark(mark.title, *(round(at * file_rate_hz / rate_hz) for at in (mark.start, mark.end)))
        for mark in chapters
    ]
    file: Encoder
    if book_format.codec is None:
        file = Mp3BookFile(path, file_rate_hz, book_tag(tags, marks, file_rate_hz))
    else:
        file = AudiobookFile(path, book_format, file_rate_hz, tags, marks)
    return file if file_rate_hz == rate_hz else ResamplingEncoder(file, rate_hz, file_rate_hz)


class AudiobookFile:
    """A file that FFmpeg writes. Takes s16le mono."""

    def __init__(
        self, path: str, book_format: BookFormat, rate_hz: int, tags: BookTags, chapters: Sequence[ChapterMark]
    ) -> None:
        """Begin the file.

        Raises:
            Unwritable: no permission, or the disk is full.
            BadInput: the cover is not an image that the file can hold.
        """
        assert book_format.codec is not None
        self._path, self._step = path, rate_hz * STEP_MS // 1000
        with translate_write_errors(path):
            self._muxer = Muxer(path, book_format.codec, rate_hz, "")
            describe_file(self._muxer.container, book_format, rate_hz, tags, chapters)

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


class Mp3BookFile:
    """An MP3 file. Takes s16le mono."""

    def __init__(self, path: str, rate_hz: int, tag: bytes) -> None:
        """Begin the file.

        Raises:
            Unwritable: no permission, or the disk is full.
        """
        with translate_write_errors(path):
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
        try:
            self._encoder = LameEncoder(FileDescriptorOutput(self._fd, path), rate_hz, "", tag)
        except BaseException:
            os.close(self._fd)
            raise

    def write(self, pcm: bytes) -> None:
        """Write more audio.

        Raises:
            Unwritable: the disk is full, for instance.
        """
        self._encoder.write(pcm)

    def close(self) -> None:
        """Complete the file.

        Raises:
            Unwritable: the disk is full, for instance.
        """
        self._encoder.close()
        os.close(self._fd)

    def discard(self) -> None:
        """Close the file, which stays incomplete."""
        self._encoder.discard()
        with contextlib.suppress(OSError):  # `close` failed after it had closed
            os.close(self._fd)


def describe_file(
    container: OutputContainer, book_format: BookFormat, rate_hz: int, tags: BookTags, chapters: Sequence[ChapterMark]
) -> None:
    """Give a file, whose audio stream is there and empty, its tags, chapters and cover.

    Raises:
        BadInput: the cover is not an image that the file can hold.
    """
    container.metadata.update(tags.metadata() | dict(book_format.metadata or {}))
    if chapters:
        container.set_chapters([_chapter(i, mark, rate_hz) for i, mark in enumerate(chapters)])
    if tags.cover and book_format.cover_comment:
        container.metadata["METADATA_BLOCK_PICTURE"] = _picture_block(tags.cover)
    elif tags.cover:
        _add_cover(container, tags.cover)


def _add_cover(container: OutputContainer, cover: bytes) -> None:
    try:
        with av.open(io.BytesIO(cover), "r") as image:
            stream = container.add_stream_from_template(image.streams.video[0])
            stream.disposition = Disposition.attached_pic
            stream.metadata["comment"] = "Cover (front)"  # by which FFmpeg finds the type of a picture in FLAC
            packet = next(image.demux(video=0))
            packet.stream = stream
            packet.pts = packet.dts = 0
            container.mux(packet)
    except (av.InvalidDataError, ValueError, IndexError, StopIteration) as error:
        raise BadInput(f"the cover is not an image that a file can hold: {error}") from None


def _chapter(index: int, mark: ChapterMark, rate_hz: int) -> "av.container.Chapter":
    return {
        "id": index, "start": mark.start, "end": mark.end, "time_base": Fraction(1, rate_hz),
        "metadata": {"title": mark.title},
    }  # fmt: skip


def _picture_block(cover: bytes) -> str:
    """The cover as a comment of an Ogg file: a picture block of FLAC in Base64 (RFC 9639, 8.8); no sizes."""
    kind = cover_type(cover).encode()
    head = struct.pack(">II", _FRONT_COVER, len(kind)) + kind
    return base64.b64encode(head + struct.pack(">6I", 0, 0, 0, 0, 0, len(cover)) + cover).decode()
