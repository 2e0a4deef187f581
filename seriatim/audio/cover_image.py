"""Cover images of a book's files: JPEG or PNG, whatever the document has."""

import contextlib
import io

import av
from av.video.frame import VideoFrame

from seriatim.audio.book_tags import cover_type


def usable_cover(image: bytes) -> bytes:
    """The cover as JPEG or PNG, whatever image it is; b"" where FFmpeg cannot read it."""
    if not image or cover_type(image):
        return image
    with contextlib.suppress(av.FFmpegError, ValueError, IndexError, StopIteration):
        with av.open(io.BytesIO(image), "r") as source:
            frame = next(source.decode(video=0))
        return _png(frame)
    return b""


def _png(frame: VideoFrame) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="image2pipe") as target:
        stream = target.add_stream("png", rate=1)
        stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "rgb24"
        for packet in (*stream.encode(frame.reformat(format="rgb24")), *stream.encode(None)):
            target.mux(packet)
    return file.getvalue()
