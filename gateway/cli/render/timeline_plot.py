"""A job's timeline as a picture: who spoke which sentence when, when it was heard, where the buffer ran low."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gateway.cli.render.svg import SERIES, SvgCanvas, ticks
from seriatim.job_timeline import JobTimeline, LostAttempt, ReaderReport, SpokenSentence

SHOWN_MARKS = 5  #: that fit beside the rest
LOW_MS = 500  #: with less sound ahead the listener is close to silence
LEFT, RIGHT, TOP, WIDTH = 150.0, 20.0, 64.0, 1100.0
ROW, BUFFER = 26.0, 150.0  #: heights


@dataclass(frozen=True, slots=True)
class BufferLevel:
    """How much sound lay ahead of the listener at a time."""

    at_ms: float
    ahead_ms: float


def draw(timeline: JobTimeline, job: str) -> SvgCanvas:
    """The picture: workers above, a lane for each slot, then what was heard when, then the buffer."""
    owners = list(dict.fromkeys(each.owner for each in sorted(_attempts(timeline), key=lambda a: a.claimed_ms)))
    found = {owner: lanes([each for each in _attempts(timeline) if each.owner == owner]) for owner in owners}
    rows = sum(map(len, found.values())) + 1
    height = TOP + rows * ROW + BUFFER + 110
    canvas = SvgCanvas(WIDTH, height, title=f"timeline of job {job}")
    begin, end = span(timeline)
    across = _TimeScale(begin, end)
    canvas.text(LEFT, 24, f"job {job}", size=15, bold=True)
    canvas.text(LEFT, 42, _summary(timeline, owners), color="faint")
    _axis(canvas, across, TOP, height - 40)
    y = TOP
    for number, (owner, own) in enumerate(found.items()):
        canvas.text(LEFT - 8, y + 17, _short(owner), anchor="end")
        for lane in own:
            for each in lane:
                _attempt(canvas, across, y, each, SERIES[number % len(SERIES)])
            y += ROW
    _heard_row(canvas, across, y, timeline)
    _buffer(canvas, across, TOP + rows * ROW + 34, timeline)
    return canvas


def lanes(attempts: Iterable[SpokenSentence | LostAttempt]) -> list[list[SpokenSentence | LostAttempt]]:
    """The attempts of one process, each in the first lane that is free: as many lanes as it had slots busy at once."""
    found: list[list[SpokenSentence | LostAttempt]] = []
    for each in sorted(attempts, key=lambda a: (a.claimed_ms, a.ended_ms, a.seq)):
        free = next((lane for lane in found if lane[-1].ended_ms <= each.claimed_ms), None)
        if free is None:
            found.append([each])
        else:
            free.append(each)
    return found


def span(timeline: JobTimeline) -> tuple[float, float]:
    """First and last moment that is known, in ms of the pool's clock."""
    times = [float(t) for each in _attempts(timeline) for t in (each.claimed_ms, each.ended_ms)]
    times += [point.at_ms for point in timeline.heard]
    times += [t for t in (timeline.accepted_ms, timeline.ended_ms) if t is not None]
    if not times:
        return 0.0, 1.0
    return min(times), max(max(times), min(times) + 1)


def heard_at(points: Sequence[ReaderReport], heard_ms: float) -> float | None:
    """When so much of the job had been heard, in ms of the pool's clock; None outside of what was reported."""
    for before, after in pairwise(points):
        if before.heard_ms <= heard_ms <= after.heard_ms and after.heard_ms > before.heard_ms:
            share = (heard_ms - before.heard_ms) / (after.heard_ms - before.heard_ms)
            return before.at_ms + share * (after.at_ms - before.at_ms)
    return None


def levels(timeline: JobTimeline) -> list[BufferLevel]:
    """The sound that was there without a hole and not yet heard, from the first sound to the last report."""
    if not timeline.heard or not timeline.spoken:
        return []
    known = sorted(timeline.spoken, key=lambda s: s.seq)
    first_ms = min(float(_first(s)) for s in known)
    times = {float(t) for s in known for t in (_first(s), s.ended_ms)} | {float(p.at_ms) for p in timeline.heard}
    last_ms = timeline.heard[-1].at_ms
    begins = starts(timeline)
    return [
        BufferLevel(t, _made(known, begins, t) - _heard(timeline.heard, t))
        for t in sorted(times)
        if first_ms <= t <= last_ms
    ]


def low_spots(timeline: JobTimeline) -> list[tuple[float, float]]:
    """From when to when less than LOW_MS lay ahead while more was to come, in ms of the pool's clock."""
    begins = starts(timeline)
    total_ms = max((begins[s.seq] + s.audio_ms for s in timeline.spoken), default=0.0)
    spots: list[tuple[float, float]] = []
    found = levels(timeline)
    for level, after in pairwise(found):
        listening = 0 < _heard(timeline.heard, level.at_ms) < total_ms - LOW_MS
        if level.ahead_ms < LOW_MS and listening:
            joined = spots and spots[-1][1] == level.at_ms
            spots[-1:] = [(spots[-1][0], after.at_ms)] if joined else [*spots[-1:], (level.at_ms, after.at_ms)]
    return spots


def starts(timeline: JobTimeline) -> dict[int, float]:
    """Where each spoken sentence begins, in ms of the job: behind the one before, as long as that really was."""
    found: dict[int, float] = {}
    end_ms, behind = 0.0, 0
    for s in sorted(timeline.spoken, key=lambda s: s.seq):
        begin_ms = end_ms if s.seq == behind else max(end_ms, float(s.position_ms))  # a gap, or what is forgotten
        found[s.seq] = begin_ms
        end_ms, behind = begin_ms + s.audio_ms, s.seq + 1
    return found


def _made(known: Sequence[SpokenSentence], begins: Mapping[int, float], t: float) -> float:
    """Ms of the job that were there at t, without a hole; a sentence grows evenly from its first sound to its end."""
    made = 0.0
    for s in known:
        if t < s.ended_ms:
            grown = (t - _first(s)) / max(1, s.ended_ms - _first(s))
            return begins[s.seq] + s.audio_ms * max(0.0, grown)
        made = begins[s.seq] + s.audio_ms
    return made


def _heard(points: Sequence[ReaderReport], t: float) -> float:
    """Ms of the job that were heard at t; nothing before the first report."""
    i = bisect_right(points, t, key=lambda p: p.at_ms)
    if i == 0:
        return 0.0
    if i == len(points):
        return float(points[-1].heard_ms)
    before, after = points[i - 1], points[i]
    share = (t - before.at_ms) / max(1, after.at_ms - before.at_ms)
    return before.heard_ms + share * (after.heard_ms - before.heard_ms)


def _first(s: SpokenSentence) -> int:
    return s.claimed_ms if s.first_ms is None else s.first_ms


def _attempts(timeline: JobTimeline) -> list[SpokenSentence | LostAttempt]:
    return [*timeline.spoken, *timeline.lost]


@dataclass(frozen=True, slots=True)
class _TimeScale:
    """Time to pixels from the left."""

    begin: float
    end: float

    def x(self, t: float) -> float:
        return LEFT + (t - self.begin) / (self.end - self.begin) * (WIDTH - LEFT - RIGHT)


def _summary(timeline: JobTimeline, owners: Sequence[str]) -> str:
    words = [f"{len(timeline.spoken)} sentences by {len(owners)} worker processes", f"state {timeline.state}"]
    if timeline.lost:
        words.append(f"{len(timeline.lost)} attempts lost")
    if timeline.marked:
        words.append("doubted: " + ", ".join(f"sentence {m.seq} {m.mark}" for m in timeline.marked[:SHOWN_MARKS]))
        words += ["…"] * (len(timeline.marked) > SHOWN_MARKS)
    if timeline.accepted_ms is None:
        words.append("its beginning is forgotten")
    return ", ".join(words)


def _axis(canvas: SvgCanvas, across: _TimeScale, top: float, bottom: float) -> None:
    for second in ticks(0, (across.end - across.begin) / 1000, 12):
        x = across.x(across.begin + second * 1000)
        canvas.line(x, top - 6, x, bottom, color="grid")
        canvas.text(x, bottom + 16, f"{second:g} s", anchor="middle", color="faint")


def _attempt(canvas: SvgCanvas, across: _TimeScale, y: float, each: SpokenSentence | LostAttempt, color: str) -> None:
    left, right = across.x(each.claimed_ms), across.x(each.ended_ms)
    seconds = (each.ended_ms - each.claimed_ms) / 1000
    if isinstance(each, LostAttempt):
        tip = f"sentence {each.seq}, attempt {each.attempt}, lost after {seconds:.2f} s: {each.reason}"
        canvas.rect(left, y + 4, right - left, ROW - 8, color="alarm", opacity=0.75, tip=tip)
        return
    tip = f"sentence {each.seq}, attempt {each.attempt}: {seconds:.2f} s for {each.audio_ms / 1000:.2f} s of sound"
    canvas.rect(left, y + 4, right - left, ROW - 8, color=color, opacity=0.45, tip=tip)
    sounding = across.x(_first(each))
    canvas.rect(sounding, y + 4, right - sounding, ROW - 8, color=color, tip=tip)
    if right - left > 7 * len(str(each.seq)) + 4:
        canvas.text((left + right) / 2, y + 17, str(each.seq), size=11, anchor="middle", color="paper")


def _heard_row(canvas: SvgCanvas, across: _TimeScale, y: float, timeline: JobTimeline) -> None:
    canvas.text(LEFT - 8, y + 17, "heard", anchor="end", bold=True)
    begins = starts(timeline)
    for s in timeline.spoken:
        begin, end = (heard_at(timeline.heard, begins[s.seq] + ms) for ms in (0, s.audio_ms))
        if begin is None:
            continue
        end = timeline.heard[-1].at_ms if end is None else end
        left, width = across.x(begin), across.x(end) - across.x(begin)
        canvas.rect(left, y + 4, width - 1, ROW - 8, color="faint", opacity=0.5, tip=f"sentence {s.seq} is heard")
        if width > 7 * len(str(s.seq)) + 4:
            canvas.text(left + width / 2, y + 17, str(s.seq), size=11, anchor="middle")


def _buffer(canvas: SvgCanvas, across: _TimeScale, y: float, timeline: JobTimeline) -> None:
    found = levels(timeline)
    canvas.text(LEFT - 8, y - 12, "seconds ahead", anchor="end", bold=True)
    if not found:
        canvas.text(LEFT, y + BUFFER / 2, "nobody has said what was heard", color="faint")
        return
    most = max(1_000.0, *(level.ahead_ms for level in found))
    for second in ticks(0, most / 1000, 4):
        at = y + BUFFER * (1 - second * 1000 / most)
        canvas.line(LEFT, at, WIDTH - RIGHT, at, color="grid")
        canvas.text(LEFT - 8, at + 4, f"{second:g}", anchor="end", color="faint", size=11)
    for begin, end in low_spots(timeline):
        width = max(2.0, across.x(end) - across.x(begin))
        canvas.rect(across.x(begin), y, width, BUFFER, color="alarm", opacity=0.3, tip="the buffer ran low")
    canvas.polyline([(across.x(lv.at_ms), y + BUFFER * (1 - max(0.0, lv.ahead_ms) / most)) for lv in found], color="c0")


def _short(owner: str) -> str:
    """The end of a process's name: its pid and its random part tell it from others."""
    return owner if len(owner) <= 20 else "…" + owner[-19:]
