"""Captions: sentences with their times as SubRip and WebVTT. Pure.

A subtitle has at most two lines of 42 columns, as broadcasters and streaming services want them; a sentence that is
longer becomes several. Where exactly a word is spoken nobody knows here: each has its part of the sentence's time by
how long its text is estimated to last, so that a long number does not make the subtitles before it late.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.http.reading.caption_lines import columns, wrapped
from gateway.http.reading.sentence_times import SentenceSpan
from seriatim.text.duration_estimate import EDGES_MS, estimate_ms

LINE_COLUMNS = 42  #: BBC Subtitle Guidelines allow 37 to 42, Netflix's Timed Text Style Guide 42
LINES = 2


@dataclass(frozen=True, slots=True)
class CaptionCue:
    """What is shown at once."""

    id: str  #: the sentence's number, and the part's if there are several
    start_s: float
    end_s: float
    lines: tuple[str, ...]


def srt(found: Iterable[SentenceSpan]) -> str:
    """SubRip. It has no way to write the arrow that its own times have, so that becomes another one."""
    rows = [
        f"{i}\n{_times(cue, ',')}\n{_text(cue).replace('-->', '→')}\n"
        for i, cue in enumerate((cue for span in found for cue in cues(span)), 1)
    ]
    return "\n".join(rows)


def vtt(found: Iterable[SentenceSpan]) -> str:
    """WebVTT."""
    rows = [f"{cue.id}\n{_times(cue, '.')}\n{_escaped(_text(cue))}\n" for span in found for cue in cues(span)]
    return "\n".join(["WEBVTT\n", *rows])


def cues(span: SentenceSpan) -> Iterator[CaptionCue]:
    """A sentence as subtitles; none if it has no text."""
    lines = _lines(span.text)
    parts = [tuple(lines[at : at + LINES]) for at in range(0, len(lines), LINES)]
    lasts = [_lasts(part) for part in parts]
    at_s, shown, whole = span.start_s, 0, sum(lasts)
    for i, (part, ms) in enumerate(zip(parts, lasts, strict=True), 1):
        shown += ms
        until_s = round(span.start_s + (span.end_s - span.start_s) * shown / whole, 3)
        yield CaptionCue(f"{span.seq}.{i}" if len(parts) > 1 else f"{span.seq}", at_s, until_s, part)
        at_s = until_s


def _lasts(part: tuple[str, ...]) -> int:
    """The estimated length of a part of a sentence, in ms, without the edges that only a whole one has."""
    return max(1, estimate_ms(" ".join(part)) - EDGES_MS)


def _lines(text: str) -> list[str]:
    """As few as possible, and then as even as possible: no word stands alone on the last one."""
    found = wrapped(text, LINE_COLUMNS)
    if len(found) < 2:
        return found
    shortest = -(-sum(map(columns, found)) // len(found))
    for width in range(max(2, shortest), LINE_COLUMNS):
        even = wrapped(text, width)
        if len(even) == len(found):
            return even
    return found


def _text(cue: CaptionCue) -> str:
    return "\n".join(cue.lines)


def _times(cue: CaptionCue, point: str) -> str:
    return f"{_clock(cue.start_s, point)} --> {_clock(cue.end_s, point)}"


def _clock(seconds: float, point: str) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}{point}{ms % 1000:03d}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
