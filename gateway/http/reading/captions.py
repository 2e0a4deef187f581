"""Captions: sentences with their times as SubRip and WebVTT. Pure.

A subtitle has at most two lines of 42 columns, the limit of broadcasters and streaming services; a longer sentence
becomes several. The times of words within a sentence are unknown: each subtitle gets a share of the sentence's time in
proportion to the estimated duration of its text, so that a long number does not delay the subtitles before it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.http.reading.caption_lines import column_count, wrap_text
from gateway.http.reading.sentence_times import SentenceSpan
from seriatim.text.duration_estimate import EDGES_MS, estimate_ms

LINE_COLUMNS = 42  #: BBC Subtitle Guidelines allow 37 to 42, Netflix's Timed Text Style Guide 42
LINES = 2


@dataclass(frozen=True, slots=True)
class CaptionCue:
    """One subtitle."""

    id: str  #: the sentence's number, and the part's number if there are several
    start_s: float
    end_s: float
    lines: tuple[str, ...]


def format_srt(found: Iterable[SentenceSpan]) -> str:
    """Format captions as SubRip; `-->` in a text, which SubRip cannot escape, becomes `→`."""
    rows = [
        f"{i}\n{_format_times(cue, ',')}\n{_cue_text(cue).replace('-->', '→')}\n"
        for i, cue in enumerate((cue for span in found for cue in split_into_cues(span)), 1)
    ]
    return "\n".join(rows)


def format_vtt(found: Iterable[SentenceSpan]) -> str:
    """Format captions as WebVTT."""
    rows = [
        f"{cue.id}\n{_format_times(cue, '.')}\n{_escape_vtt(_cue_text(cue))}\n"
        for span in found
        for cue in split_into_cues(span)
    ]
    return "\n".join(["WEBVTT\n", *rows])


def split_into_cues(span: SentenceSpan) -> Iterator[CaptionCue]:
    """Split a sentence into subtitles; none if it has no text."""
    lines = _balanced_lines(span.text)
    parts = [tuple(lines[at : at + LINES]) for at in range(0, len(lines), LINES)]
    durations_ms = [_estimated_ms(part) for part in parts]
    at_s, elapsed_ms, total_ms = span.start_s, 0, sum(durations_ms)
    for i, (part, ms) in enumerate(zip(parts, durations_ms, strict=True), 1):
        elapsed_ms += ms
        until_s = round(span.start_s + (span.end_s - span.start_s) * elapsed_ms / total_ms, 3)
        yield CaptionCue(f"{span.seq}.{i}" if len(parts) > 1 else f"{span.seq}", at_s, until_s, part)
        at_s = until_s


def _estimated_ms(part: tuple[str, ...]) -> int:
    """The estimated duration of a part of a sentence in ms, without the silence at a sentence's edges."""
    return max(1, estimate_ms(" ".join(part)) - EDGES_MS)


def _balanced_lines(text: str) -> list[str]:
    """Break text into as few lines as possible, of widths as even as possible."""
    found = wrap_text(text, LINE_COLUMNS)
    if len(found) < 2:
        return found
    shortest = -(-sum(map(column_count, found)) // len(found))
    for width in range(max(2, shortest), LINE_COLUMNS):
        even = wrap_text(text, width)
        if len(even) == len(found):
            return even
    return found


def _cue_text(cue: CaptionCue) -> str:
    return "\n".join(cue.lines)


def _format_times(cue: CaptionCue, point: str) -> str:
    return f"{_format_clock(cue.start_s, point)} --> {_format_clock(cue.end_s, point)}"


def _format_clock(seconds: float, point: str) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}{point}{ms % 1000:03d}"


def _escape_vtt(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
