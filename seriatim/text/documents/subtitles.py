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
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?[ \t]+([^<>\n]{1,200})>")
_TAG = re.compile(r"</?[A-Za-z][^<>\n]{0,200}>|<\d[\d:.]{0,20}>|\{\\[^{}\n]{0,200}\}|[♪♫]")
#: before what another speaker says
_CHANGE = re.compile(r"(?:[-–—‐] ?|>{2,3} ?)(?=\S)")
_NAME = re.compile(r"[^\W\d_a-z][^\Wa-z_]+(?:[ .'-]{1,2}[^\Wa-z_]+){0,3}:(?=\s|\Z)")  #: of a speaker, in capitals
_SOUND = re.compile(r"\[[^\[\]]*\]|\([^()]*\)")  #: a line about what else is heard
_SONG = re.compile("[♪♫]")
_NUMBER_BELOW = re.compile(r"\n[ \t]*\d{1,6}[ \t]*\n?\Z")


@dataclass(frozen=True, slots=True)
class CueLine:
    """One line of a cue."""

    text: str  #: without tags, in one piece
    voice: str = ""  #: who says it, where WebVTT names someone
    song: bool = False  #: is it sung?


@dataclass(frozen=True, slots=True)
class Cue:
    """What is shown at a time, in s from the start."""

    start_s: float
    end_s: float
    lines: tuple[CueLine, ...]


def read_subtitles(text: str, name: str, limits: DocumentLimits) -> Document:
    """Read subtitles: a sentence goes on from one cue to the next.

    Raises:
        TextTooLarge: it has more text than a job may have.
    """
    writer = BlockWriter(name, limits)
    before, above = Cue(0, 0, ()), CueLine("")
    for cue in parse_cues(text):
        if cue.start_s - before.end_s >= PARAGRAPH_S:
            writer.end_block()
        for i, line in enumerate(cue.lines):
            if not i and line.text in (shown.text for shown in before.lines):
                continue  # captions that roll up show the line above once more
            if _begins_anew(line, above):
                writer.end_line()
            mark = _CHANGE.match(line.text)
            writer.write(f"{line.text[mark.end() :] if mark else line.text} ")
            above = line
        before = cue
    return Document(DocumentFormat.SUBTITLES, writer.chapters())


def parse_cues(text: str) -> Iterator[Cue]:
    """The cues of subtitles, in their order; what belongs to none is left out."""
    for block in re.split(r"\n[ \t]*\n", text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")):
        found = list(_TIMES.finditer(block))
        if not found or block[: found[0].start()].count("\n") > 1:
            continue
        ends = [*(times.start() for times in found[1:]), len(block)]
        for times, end in zip(found, ends, strict=True):
            text_lines = block[times.end() : end]
            if end < len(block):
                text_lines = _NUMBER_BELOW.sub("", text_lines)  # of the next cue, where no empty line parts the two
            yield Cue(_seconds(times.groups()[:4]), _seconds(times.groups()[4:]), _lines(text_lines))


def _lines(text: str) -> tuple[CueLine, ...]:
    """The lines of a cue that say something, each with its voice."""
    lines, voice = [], ""
    for line in text.replace("<v", "\n<v").split("\n"):
        named = _VOICE.match(line)
        voice = named[1].strip() if named else voice
        words = " ".join(unescape(_TAG.sub("", line)).split())
        if words:
            lines.append(CueLine(words, voice, _SONG.search(line) is not None))
    return tuple(lines)


def _begins_anew(line: CueLine, above: CueLine) -> bool:
    """Is a line no part of the sentence above: another speaker's, a sound, a song, or behind one?"""
    if line.voice not in ("", above.voice) or line.song != above.song or _SOUND.fullmatch(above.text):
        return True
    return any(pattern.match(line.text) for pattern in (_CHANGE, _NAME)) or bool(_SOUND.fullmatch(line.text))


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = (part or "0" for part in parts)
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction}")
