"""The plot of a job's timeline: attempts by worker, the time each sentence was heard, and the reader's buffer."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gateway.cli.render.svg import SERIES, SvgCanvas, ticks
from seriatim.job_timeline import JobTimeline, LostAttempt, ReaderReport, SpokenSentence

SHOWN_MARKS = 5  #: as many as fit into the summary line
LOW_MS = 500  #: with less audio ahead the listener is close to silence
LEFT, RIGHT, TOP, WIDTH = 150.0, 20.0, 64.0, 1100.0
ROW, BUFFER = 26.0, 150.0  #: heights


@dataclass(frozen=True, slots=True)
class BufferLevel:
    """The audio ahead of the listener at one time."""

    at_ms: float
    ahead_ms: float


def draw_timeline(timeline: JobTimeline, job: str) -> SvgCanvas:
    """Draw workers with one lane per busy slot, below them what was heard, and below that the buffer."""
    owners = list(dict.fromkeys(each.owner for each in sorted(_attempts(timeline), key=lambda a: a.claimed_ms)))
    result = {owner: assign_lanes([each for each in _attempts(timeline) if each.owner == owner]) for owner in owners}
    rows = sum(map(len, result.values())) + 1
    height = TOP + rows * ROW + BUFFER + 110
    canvas = SvgCanvas(WIDTH, height, title=f"timeline of job {job}")
    begin, end = time_span(timeline)
    time_scale = _TimeScale(begin, end)
    canvas.text(LEFT, 24, f"job {job}", size=15, bold=True)
    canvas.text(LEFT, 42, _summary_line(timeline, owners), color="faint")
    _draw_axis(canvas, time_scale, TOP, height - 40)
    y = TOP
    for number, (owner, own) in enumerate(result.items()):
        canvas.text(LEFT - 8, y + 17, _short_owner(owner), anchor="end")
        for lane in own:
            for each in lane:
                _draw_attempt(canvas, time_scale, y, each, SERIES[number % len(SERIES)])
            y += ROW
    _draw_heard_row(canvas, time_scale, y, timeline)
    _draw_buffer(canvas, time_scale, TOP + rows * ROW + 34, timeline)
    return canvas


def assign_lanes(attempts: Iterable[SpokenSentence | LostAttempt]) -> list[list[SpokenSentence | LostAttempt]]:
    """Assign each attempt of a process to the first free lane; as many lanes result as slots were busy at once."""
    result: list[list[SpokenSentence | LostAttempt]] = []
    for each in sorted(attempts, key=lambda a: (a.claimed_ms, a.ended_ms, a.seq)):
        free = next((lane for lane in result if lane[-1].ended_ms <= each.claimed_ms), None)
        if free is None:
            result.append([each])
        else:
            free.append(each)
    return result


def time_span(timeline: JobTimeline) -> tuple[float, float]:
    """The first and the last known time, in ms of the pool's clock."""
    times = [float(t) for each in _attempts(timeline) for t in (each.claimed_ms, each.ended_ms)]
    times += [point.at_ms for point in timeline.reports]
    times += [t for t in (timeline.accepted_ms, timeline.ended_ms) if t is not None]
    if not times:
        return 0.0, 1.0
    return min(times), max(max(times), min(times) + 1)


def heard_at(points: Sequence[ReaderReport], heard_ms: float) -> float | None:
    """The time at which `heard_ms` of the job had been heard, in ms of the pool's clock; None outside the reports."""
    for before, after in pairwise(points):
        if before.heard_ms <= heard_ms <= after.heard_ms and after.heard_ms > before.heard_ms:
            share = (heard_ms - before.heard_ms) / (after.heard_ms - before.heard_ms)
            return before.at_ms + share * (after.at_ms - before.at_ms)
    return None


def buffer_levels(timeline: JobTimeline) -> list[BufferLevel]:
    """Buffer levels from the first audio to the last report: gapless audio that was made and not yet heard."""
    if not timeline.reports or not timeline.sentences:
        return []
    known = sorted(timeline.sentences, key=lambda s: s.seq)
    first_ms = min(float(_first_audio_ms(s)) for s in known)
    times = {float(t) for s in known for t in (_first_audio_ms(s), s.ended_ms)} | {
        float(p.at_ms) for p in timeline.reports
    }
    last_ms = timeline.reports[-1].at_ms
    begins = sentence_starts(timeline)
    return [
        BufferLevel(t, _made_ms_at(known, begins, t) - _heard_ms_at(timeline.reports, t))
        for t in sorted(times)
        if first_ms <= t <= last_ms
    ]


def low_spots(timeline: JobTimeline) -> list[tuple[float, float]]:
    """Periods with less than LOW_MS ahead while more was to come: begin and end in ms of the pool's clock."""
    begins = sentence_starts(timeline)
    total_ms = max((begins[s.seq] + s.audio_ms for s in timeline.sentences), default=0.0)
    spots: list[tuple[float, float]] = []
    result = buffer_levels(timeline)
    for level, after in pairwise(result):
        listening = 0 < _heard_ms_at(timeline.reports, level.at_ms) < total_ms - LOW_MS
        if level.ahead_ms < LOW_MS and listening:
            joined = spots and spots[-1][1] == level.at_ms
            spots[-1:] = [(spots[-1][0], after.at_ms)] if joined else [*spots[-1:], (level.at_ms, after.at_ms)]
    return spots


def sentence_starts(timeline: JobTimeline) -> dict[int, float]:
    """The start of each spoken sentence in ms of the job, from the real durations of the sentences before it."""
    result: dict[int, float] = {}
    end_ms, next_seq = 0.0, 0
    for s in sorted(timeline.sentences, key=lambda s: s.seq):
        begin_ms = end_ms if s.seq == next_seq else max(end_ms, float(s.position_ms))  # a gap, or expired entries
        result[s.seq] = begin_ms
        end_ms, next_seq = begin_ms + s.audio_ms, s.seq + 1
    return result


def _made_ms_at(known: Sequence[SpokenSentence], begins: Mapping[int, float], t: float) -> float:
    """Gapless ms of the job that were made by t; a sentence grows evenly from its first audio to its end."""
    made = 0.0
    for s in known:
        if t < s.ended_ms:
            fraction_done = (t - _first_audio_ms(s)) / max(1, s.ended_ms - _first_audio_ms(s))
            return begins[s.seq] + s.audio_ms * max(0.0, fraction_done)
        made = begins[s.seq] + s.audio_ms
    return made


def _heard_ms_at(points: Sequence[ReaderReport], t: float) -> float:
    """Ms of the job that were heard by t; 0 before the first report."""
    i = bisect_right(points, t, key=lambda p: p.at_ms)
    if i == 0:
        return 0.0
    if i == len(points):
        return float(points[-1].heard_ms)
    before, after = points[i - 1], points[i]
    share = (t - before.at_ms) / max(1, after.at_ms - before.at_ms)
    return before.heard_ms + share * (after.heard_ms - before.heard_ms)


def _first_audio_ms(s: SpokenSentence) -> int:
    return s.claimed_ms if s.first_ms is None else s.first_ms


def _attempts(timeline: JobTimeline) -> list[SpokenSentence | LostAttempt]:
    return [*timeline.sentences, *timeline.lost]


@dataclass(frozen=True, slots=True)
class _TimeScale:
    """The scale from time to pixels from the left."""

    begin: float
    end: float

    def x(self, t: float) -> float:
        return LEFT + (t - self.begin) / (self.end - self.begin) * (WIDTH - LEFT - RIGHT)


def _summary_line(timeline: JobTimeline, owners: Sequence[str]) -> str:
    parts = [f"{len(timeline.sentences)} sentences by {len(owners)} worker processes", f"state {timeline.state}"]
    if timeline.lost:
        parts.append(f"{len(timeline.lost)} attempts lost")
    if timeline.marked:
        parts.append("marked: " + ", ".join(f"sentence {m.seq} {m.mark}" for m in timeline.marked[:SHOWN_MARKS]))
        parts += ["…"] * (len(timeline.marked) > SHOWN_MARKS)
    if timeline.accepted_ms is None:
        parts.append("its beginning has expired")
    return ", ".join(parts)


def _draw_axis(canvas: SvgCanvas, time_scale: _TimeScale, top: float, bottom: float) -> None:
    for second in ticks(0, (time_scale.end - time_scale.begin) / 1000, 12):
        x = time_scale.x(time_scale.begin + second * 1000)
        canvas.line(x, top - 6, x, bottom, color="grid")
        canvas.text(x, bottom + 16, f"{second:g} s", anchor="middle", color="faint")


def _draw_attempt(
    canvas: SvgCanvas, time_scale: _TimeScale, y: float, each: SpokenSentence | LostAttempt, color: str
) -> None:
    left, right = time_scale.x(each.claimed_ms), time_scale.x(each.ended_ms)
    seconds = (each.ended_ms - each.claimed_ms) / 1000
    if isinstance(each, LostAttempt):
        tip = f"sentence {each.seq}, attempt {each.attempt}, lost after {seconds:.2f} s: {each.reason}"
        canvas.rect(left, y + 4, right - left, ROW - 8, color="alarm", opacity=0.75, tip=tip)
        return
    tip = f"sentence {each.seq}, attempt {each.attempt}: {seconds:.2f} s for {each.audio_ms / 1000:.2f} s of audio"
    canvas.rect(left, y + 4, right - left, ROW - 8, color=color, opacity=0.45, tip=tip)
    first_audio_x = time_scale.x(_first_audio_ms(each))
    canvas.rect(first_audio_x, y + 4, right - first_audio_x, ROW - 8, color=color, tip=tip)
    if right - left > 7 * len(str(each.seq)) + 4:
        canvas.text((left + right) / 2, y + 17, str(each.seq), size=11, anchor="middle", color="paper")


def _draw_heard_row(canvas: SvgCanvas, time_scale: _TimeScale, y: float, timeline: JobTimeline) -> None:
    canvas.text(LEFT - 8, y + 17, "heard", anchor="end", bold=True)
    begins = sentence_starts(timeline)
    for s in timeline.sentences:
        begin, end = (heard_at(timeline.reports, begins[s.seq] + ms) for ms in (0, s.audio_ms))
        if begin is None:
            continue
        end = timeline.reports[-1].at_ms if end is None else end
        left, width = time_scale.x(begin), time_scale.x(end) - time_scale.x(begin)
        canvas.rect(left, y + 4, width - 1, ROW - 8, color="faint", opacity=0.5, tip=f"sentence {s.seq} is heard")
        if width > 7 * len(str(s.seq)) + 4:
            canvas.text(left + width / 2, y + 17, str(s.seq), size=11, anchor="middle")


def _draw_buffer(canvas: SvgCanvas, time_scale: _TimeScale, y: float, timeline: JobTimeline) -> None:
    result = buffer_levels(timeline)
    canvas.text(LEFT - 8, y - 12, "seconds ahead", anchor="end", bold=True)
    if not result:
        canvas.text(LEFT, y + BUFFER / 2, "the reader reported no progress", color="faint")
        return
    most = max(1_000.0, *(level.ahead_ms for level in result))
    for second in ticks(0, most / 1000, 4):
        at = y + BUFFER * (1 - second * 1000 / most)
        canvas.line(LEFT, at, WIDTH - RIGHT, at, color="grid")
        canvas.text(LEFT - 8, at + 4, f"{second:g}", anchor="end", color="faint", size=11)
    for begin, end in low_spots(timeline):
        width = max(2.0, time_scale.x(end) - time_scale.x(begin))
        canvas.rect(time_scale.x(begin), y, width, BUFFER, color="alarm", opacity=0.3, tip="the buffer ran low")
    canvas.polyline(
        [(time_scale.x(lv.at_ms), y + BUFFER * (1 - max(0.0, lv.ahead_ms) / most)) for lv in result], color="c0"
    )


def _short_owner(owner: str) -> str:
    """The end of a process's name: its pid and its random part distinguish it."""
    return owner if len(owner) <= 20 else "…" + owner[-19:]
