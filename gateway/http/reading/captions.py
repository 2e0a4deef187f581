"""Captions: sentences with their times as SubRip and WebVTT. Pure.

A subtitle has at most two lines of 42 columns, the limit of broadcasters and streaming services; a longer sentence
becomes several. Each of them begins with its first word, so that a long number does not delay the subtitles before it;
the times of words are the engine's, or estimated (seriatim/text/word_times.py). For karaoke, WebVTT has a timestamp
before each word but the first of a subtitle (https://www.w3.org/TR/webvtt1/#webvtt-timestamp).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from gateway.http.reading.caption_lines import column_count, wrap_text
from gateway.http.reading.sentence_times import SentenceSpan
from seriatim.text.word_times import estimate_word_times

LINE_COLUMNS = 42  #: BBC Subtitle Guidelines allow 37 to 42, Netflix's Timed Text Style Guide 42
LINES = 2


@dataclass(frozen=True, slots=True)
class CaptionCue:
    """One subtitle."""

    id: str  #: the sentence's number, and the part's number if there are several
    start_s: float
    end_s: float
    lines: tuple[str, ...]
    times: Mapping[int, float] = field(default_factory=dict)  #: when a word begins, in s, by the visible characters of
    #: the subtitle before it


def format_srt(found: Iterable[SentenceSpan]) -> str:
    """Format captions as SubRip; `-->` in a text, which SubRip cannot escape, becomes `→`."""
    rows = [
        f"{i}\n{_format_times(cue, ',')}\n{_cue_text(cue).replace('-->', '→')}\n"
        for i, cue in enumerate((cue for span in found for cue in split_into_cues(span)), 1)
    ]
    return "\n".join(rows)


def format_vtt(found: Iterable[SentenceSpan], *, words: bool = False) -> str:
    """Format captions as WebVTT; with `words`, each but the first of a subtitle has a timestamp before it."""
    rows = [
        f"{cue.id}\n{_format_times(cue, '.')}\n{_karaoke_text(cue) if words else _escape_vtt(_cue_text(cue))}\n"
        for span in found
        for cue in split_into_cues(span)
    ]
    return "\n".join(["WEBVTT\n", *rows])


def split_into_cues(span: SentenceSpan) -> Iterator[CaptionCue]:
    """Split a sentence into subtitles; none if it has no text."""
    lines = _balanced_lines(span.text)
    parts = [tuple(lines[at : at + LINES]) for at in range(0, len(lines), LINES)]
    counts = list(accumulate((sum(map(_visible_count, part)) for part in parts), initial=0))
    times = _times_by_visible(span)
    starts_s = [_start_of_part(span, times, at, counts) for at in range(len(parts))]
    for i, (part, first) in enumerate(zip(parts, counts, strict=False), 1):
        start_s, end_s = starts_s[i - 1], starts_s[i] if i < len(parts) else span.end_s
        inside = {at - first: time_s for at, time_s in times.items() if first < at < counts[i]}
        cue_id = f"{span.seq}.{i}" if len(parts) > 1 else f"{span.seq}"
        yield CaptionCue(cue_id, start_s, end_s, part, inside)


def _times_by_visible(span: SentenceSpan) -> dict[int, float]:
    """When each word begins, in s, by the visible characters of the sentence before it."""
    words = span.words or estimate_word_times(span.text, (span.end_s - span.start_s) * 1000)
    visible = list(accumulate((not char.isspace() for char in span.text), initial=0))
    limit_s = span.end_s
    return {visible[word.at]: min(limit_s, round(span.start_s + word.start_ms / 1000, 3)) for word in words}


def _start_of_part(span: SentenceSpan, times: Mapping[int, float], i: int, counts: Sequence[int]) -> float:
    """When a part begins to be spoken: with its first word; in the middle of one, by its share of that word."""
    if i == 0:
        return span.start_s
    marks = [(0, span.start_s), *times.items(), (counts[-1], span.end_s)]
    after = next(n for n, (at, _) in enumerate(marks) if at >= counts[i])
    (before_at, before_s), (after_at, after_s) = marks[after - 1], marks[after]
    share = (counts[i] - before_at) / (after_at - before_at)
    return round(before_s + (after_s - before_s) * share, 3)


def _visible_count(line: str) -> int:
    return sum(not char.isspace() for char in line)


def _karaoke_text(cue: CaptionCue) -> str:
    """The lines of a subtitle with a timestamp before each word that begins within its time."""
    parts, count, last_s = [], 0, cue.start_s
    for char in _cue_text(cue):
        time_s = cue.times.get(count) if not char.isspace() else None
        if time_s is not None and last_s < time_s < cue.end_s:
            parts.append(f"<{_format_clock(time_s, '.')}>")
            last_s = time_s
        parts.append(_escape_vtt(char))
        count += not char.isspace()
    return "".join(parts)


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
