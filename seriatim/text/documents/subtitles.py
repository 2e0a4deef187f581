"""Subtitles in SubRip's or WebVTT's form: what is said, without times, numbers and styles."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

from seriatim.text.documents.block_writer import BlockWriter
from seriatim.text.documents.document import Document, DocumentFormat
from seriatim.text.documents.document_limits import DocumentLimits

PARAGRAPH_S = 3.0  #: a silence as long as this between two cues ends a paragraph
_TIMES = re.compile(
    r"(?:(\d{1,4}):)?(\d{1,2}):(\d{2})[,.](\d{1,3})[ \t]*-->[ \t]*(?:(\d{1,4}):)?(\d{1,2}):(\d{2})[,.](\d{1,3})[^\n]*"
)
_TAG = re.compile(r"</?[A-Za-z][^<>\n]{0,200}>|<\d[\d:.]{0,20}>|\{\\[^{}\n]{0,200}\}|[♪♫]")
_DASH = re.compile(r"[-–—‐] ?(?=\S)")


@dataclass(frozen=True, slots=True)
class Cue:
    """What is shown at a time, in s from the start."""

    start_s: float
    end_s: float
    lines: tuple[str, ...]


def read_subtitles(text: str, name: str, limits: DocumentLimits) -> Document:
    """Read subtitles: a sentence goes on from one cue to the next.

    Raises:
        TextTooLarge: it has more text than a job may have.
    """
    writer = BlockWriter(name, limits)
    before = Cue(0, 0, ())
    for cue in parse_cues(text):
        if cue.start_s - before.end_s >= PARAGRAPH_S:
            writer.end_block()
        for i, line in enumerate(cue.lines):
            if line in before.lines and not i:
                continue  # captions that roll up show the line above once more
            if _DASH.match(line):
                writer.end_line()
            writer.write(f"{_DASH.sub('', line, count=1) if _DASH.match(line) else line} ")
        before = cue
    return Document(DocumentFormat.SUBTITLES, writer.chapters())


def parse_cues(text: str) -> Iterator[Cue]:
    """The cues of subtitles, in their order; what belongs to none is left out."""
    for block in re.split(r"\n[ \t]*\n", text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")):
        times = _TIMES.search(block)
        if times is None or block[: times.start()].count("\n") > 1:
            continue
        lines = (" ".join(unescape(_TAG.sub("", line)).split()) for line in block[times.end() :].split("\n"))
        yield Cue(_seconds(times.groups()[:4]), _seconds(times.groups()[4:]), tuple(filter(None, lines)))


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = (part or "0" for part in parts)
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction}")
