"""Sentences in their time as subtitles: SubRip and WebVTT. Pure.

A subtitle has at most two lines of 42 characters, as broadcasters and streaming services want them; a sentence that is
longer becomes several, each for the part of its time that its characters are of its text. Where exactly a word is
spoken nobody knows here.
"""

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.http.timed import Span

LINE_CHARS = 42  #: BBC Subtitle Guidelines allow 37 to 42, Netflix's Timed Text Style Guide 42
LINES = 2


@dataclass(frozen=True, slots=True)
class Cue:
    """What is shown at once."""

    id: str  #: the sentence's number, and the part's if there are several
    start_s: float
    end_s: float
    lines: tuple[str, ...]


def srt(found: Iterable[Span]) -> str:
    """SubRip. It has no way to write the arrow that its own times have, so that becomes another one."""
    rows = [
        f"{i}\n{_times(cue, ',')}\n{_text(cue).replace('-->', '→')}\n"
        for i, cue in enumerate((cue for span in found for cue in cues(span)), 1)
    ]
    return "\n".join(rows)


def vtt(found: Iterable[Span]) -> str:
    """WebVTT."""
    rows = [f"{cue.id}\n{_times(cue, '.')}\n{_escaped(_text(cue))}\n" for span in found for cue in cues(span)]
    return "\n".join(["WEBVTT\n", *rows])


def cues(span: Span) -> Iterator[Cue]:
    """A sentence as subtitles; none if it has no text."""
    lines = _lines(span.text)
    parts = [tuple(lines[at : at + LINES]) for at in range(0, len(lines), LINES)]
    n_chars = sum(map(len, lines))
    at_s, shown = span.start_s, 0
    for i, part in enumerate(parts, 1):
        shown += sum(map(len, part))
        until_s = round(span.start_s + (span.end_s - span.start_s) * shown / n_chars, 3)
        yield Cue(f"{span.seq}.{i}" if len(parts) > 1 else f"{span.seq}", at_s, until_s, part)
        at_s = until_s


def _lines(text: str) -> list[str]:
    """As few as possible, and then as even as possible: no word stands alone on the last one."""
    words = " ".join(text.split())
    found = textwrap.wrap(words, LINE_CHARS)
    if len(found) < 2:
        return found
    shortest = -(-len(words) // len(found))
    for width in range(shortest, LINE_CHARS):
        even = textwrap.wrap(words, width)
        if len(even) == len(found):
            return even
    return found


def _text(cue: Cue) -> str:
    return "\n".join(cue.lines)


def _times(cue: Cue, point: str) -> str:
    return f"{_clock(cue.start_s, point)} --> {_clock(cue.end_s, point)}"


def _clock(seconds: float, point: str) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}{point}{ms % 1000:03d}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
