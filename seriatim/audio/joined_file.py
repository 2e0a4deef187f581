"""An MP4 file joined from parts: their AAC packets are copied, so that only a part that changes is encoded again.

A part is an MP4 file of its own, whose last frame its encoder fills up with silence. Its first packet is the encoder's
priming, a frame of silence (43 ms at 24 kHz): players skip it at the beginning of a file, and between two parts it
sounds. Each packet overlaps with the next one; where parts meet, both are silent.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Self

import av

from seriatim.audio.audiobook_file import BOOK_FORMATS, AudiobookFile, BookFormat, describe_file
from seriatim.audio.book_tags import BookTags, ChapterMark
from seriatim.audio.encoder import Encoder
from seriatim.audio.ffmpeg_encoders import M4A
from seriatim.audio.formats import format_named
from seriatim.audio.output_file import translate_write_errors
from seriatim.audio.resampler import ResamplingEncoder
from seriatim.errors import BadInput

FRAME_SAMPLES = 1024  #: of an AAC packet (ISO/IEC 14496-3)
PART_CODEC = replace(M4A, options={"fflags": "+bitexact"})


@dataclass(frozen=True, slots=True)
class EncodedPart:
    """A part that is encoded."""

    path: Path
    rate_hz: int
    n_packets: int

    @classmethod
    def read(cls, path: Path) -> Self:
        """The part in a file.

        Raises:
            BadInput: the file is damaged.
        """
        try:
            with av.open(str(path)) as file:
                stream = file.streams.audio[0]
                return cls(path, stream.rate, stream.frames)
        except (av.FFmpegError, IndexError) as error:
            raise BadInput(f"{path} is damaged ({error}); delete it, and it is encoded again") from None


def is_joinable(format_name: str) -> bool:
    """Whether a file of this format is joined from parts: those with AAC."""
    codec = BOOK_FORMATS[format_name].codec
    return codec is not None and codec.name == M4A.name


def open_part(path: str, rate_hz: int) -> Encoder:
    """Begin a part, for audio at `rate_hz`.

    Raises:
        Unwritable: no permission, or the disk is full.
    """
    file_rate_hz = format_named("m4a").rate_for(rate_hz)
    file = AudiobookFile(path, BookFormat("m4a", PART_CODEC), file_rate_hz, BookTags(), ())
    return file if file_rate_hz == rate_hz else ResamplingEncoder(file, rate_hz, file_rate_hz)


def joined_marks(titles: Sequence[str], parts: Sequence[EncodedPart]) -> list[ChapterMark]:
    """The parts as chapters of the joined file, in samples at its rate."""
    starts = [FRAME_SAMPLES * n for n in accumulate((part.n_packets for part in parts), initial=0)]
    starts[-1] -= FRAME_SAMPLES  # the end: the first part's priming is skipped
    return [ChapterMark(title, *ends) for title, ends in zip(titles, pairwise(starts), strict=True)]


def write_joined(
    path: str, format_name: str, tags: BookTags, chapters: Sequence[ChapterMark], parts: Sequence[EncodedPart]
) -> None:
    """Write the parts, all of one rate, as one file.

    Raises:
        Unwritable: no permission, or the disk is full.
        BadInput: a part is damaged, or the cover is not an image that the file can hold.
    """
    book_format = BOOK_FORMATS[format_name]
    assert book_format.codec is not None
    rate_hz = parts[0].rate_hz
    with (
        translate_write_errors(path),
        av.open(path, "w", format=book_format.codec.container, options=dict(book_format.codec.options)) as container,
    ):
        with av.open(str(parts[0].path)) as first:
            stream = container.add_stream_from_template(first.streams.audio[0])
        describe_file(container, book_format, rate_hz, tags, chapters)
        stream.time_base = time_base = Fraction(1, rate_hz)
        number = -1  # the first packet is priming
        for part in parts:
            with av.open(str(part.path)) as file:
                for packet in file.demux(audio=0):
                    if not packet.size:  # the last one only ends the stream
                        continue
                    packet.stream, packet.time_base = stream, time_base
                    packet.pts = packet.dts = number * FRAME_SAMPLES
                    packet.duration = FRAME_SAMPLES
                    container.mux(packet)
                    number += 1
