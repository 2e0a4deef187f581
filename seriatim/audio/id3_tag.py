"""ID3 tags of MP3 files: title, book, cover, chapters. Pure.

Version 2.3 in UTF-16, which Windows reads, too (id3.org, "ID3 tag version 2.3.0"); chapters by "ID3v2 Chapter Frame
Addendum", their times in ms.
"""

import struct
from collections.abc import Sequence

from seriatim.audio.book_tags import BookTags, ChapterMark, cover_type

_FRAMES = {
    "title": b"TIT2", "album": b"TALB", "artist": b"TPE1", "album_artist": b"TPE2", "composer": b"TCOM",
    "genre": b"TCON", "track": b"TRCK",
}  # fmt: skip
_FRONT_COVER = 3  #: the type of a picture
_TOP_LEVEL_ORDERED = 0x03  #: flags of the table of contents
_NO_OFFSET = 0xFFFFFFFF  #: times count, not bytes
_MOST_CHAPTERS = 255  #: in one table of contents, which counts them in a byte


def book_tag(tags: BookTags, chapters: Sequence[ChapterMark], rate_hz: int) -> bytes:
    """The tag of a book's file; the chapters are samples at `rate_hz`."""
    frames = [_text_frame(_FRAMES[name], value) for name, value in tags.metadata().items()]
    if tags.cover:
        kind = cover_type(tags.cover).encode()
        frames.append(_frame(b"APIC", b"\0" + kind + b"\0" + bytes((_FRONT_COVER,)) + b"\0" + tags.cover))
    if chapters:
        names = [b"chp%d\0" % i for i in range(len(chapters))]
        listed = names[:_MOST_CHAPTERS]
        frames.append(_frame(b"CTOC", b"toc\0" + bytes((_TOP_LEVEL_ORDERED, len(listed))) + b"".join(listed)))
        frames += [_chapter_frame(name, mark, rate_hz) for name, mark in zip(names, chapters, strict=True)]
    return _tag(frames)


def title_tag(title: str) -> bytes:
    """The tag of a file that has nothing but a title; b"" without one."""
    return _tag([_text_frame(b"TIT2", title)]) if title else b""


def _chapter_frame(name: bytes, mark: ChapterMark, rate_hz: int) -> bytes:
    start, end = (round(at * 1000 / rate_hz) for at in (mark.start, mark.end))
    times = struct.pack(">4I", start, end, _NO_OFFSET, _NO_OFFSET)
    return _frame(b"CHAP", name + times + _text_frame(b"TIT2", mark.title))


def _text_frame(name: bytes, text: str) -> bytes:
    return _frame(name, b"\1" + text.encode("utf-16"))  # with a byte order mark


def _frame(name: bytes, body: bytes) -> bytes:
    return struct.pack(">4sIH", name, len(body), 0) + body


def _tag(frames: Sequence[bytes]) -> bytes:
    body = b"".join(frames)
    seven_bits = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\3\0\0" + seven_bits + body
