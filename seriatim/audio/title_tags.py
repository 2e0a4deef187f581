"""Title tags of WAV files, and the title of a text that has none. Pure.

Other formats have the title in their headers, MP3 in an ID3 tag.
"""

import struct

TITLE_CHARS = 80  #: of a title made from the text: a line on a wide screen


def first_words(text: str) -> str:
    """The first words of a text, on one line of at most TITLE_CHARS characters."""
    line = " ".join(text.lstrip()[: 20 * TITLE_CHARS].split())
    if len(line) <= TITLE_CHARS:
        return line
    cut = line[: TITLE_CHARS - 1]
    at_word_end = cut if line[TITLE_CHARS - 1] == " " else cut.rpartition(" ")[0]
    return (at_word_end if len(at_word_end) > TITLE_CHARS // 2 else cut).rstrip() + "…"  # some languages have no spaces


def riff_info(title: str) -> bytes:
    """The chunk of a WAV file with its title, in UTF-8; b"" without one ("Multimedia Programming Interface", 1991)."""
    if not title:
        return b""
    text = title.encode() + b"\0"
    name = struct.pack("<4sI", b"INAM", len(text)) + text + b"\0" * (len(text) % 2)
    return struct.pack("<4sI4s", b"LIST", 4 + len(name), b"INFO") + name
