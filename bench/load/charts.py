"""Two charts: first audio over load for the three policies, and who heard what when in one run. Pure."""

import math
from collections.abc import Mapping, Sequence

from bench.load.figures import SILENCE_S, TARGET_S
from bench.load.load_system import Outcome
from bench.load.plan import RequestResult
from bench.load.player import played
from gateway.cli.render.svg import SERIES, SvgCanvas, ticks

WIDTH, HEIGHT = 760.0, 420.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 140.0, 44.0, 52.0
ROW = 14.0
MOST_ROWS = 48

Curve = Sequence[tuple[float, float]]  #: (listeners, first audio p95 in s), by listeners


def first_audio(curves: Mapping[str, Curve], capacity: int) -> SvgCanvas:
    """First audio p95 over listeners, both on logarithmic axes; `capacity`: what the slots can speak."""
    points = [point for curve in curves.values() for point in curve]
    canvas = SvgCanvas(WIDTH, HEIGHT, "First audio over load, for three policies")
    xs, ys = _Log([x for x, _ in points] + [capacity]), _Log([y for _, y in points] + [0.1, TARGET_S])
    _frame(canvas, "First audio (p95) over load", "listeners in a closed loop", "seconds, logarithmic")
    for value in xs.marks((1, 2, 4, 8, 16, 32, 64, 128)):
        canvas.text(_x(xs, value), HEIGHT - BOTTOM + 18, f"{value:g}", anchor="middle", color="faint")
        canvas.line(_x(xs, value), TOP, _x(xs, value), HEIGHT - BOTTOM, color="grid")
    for value in ys.marks((0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)):
        canvas.text(LEFT - 8, _y(ys, value) + 4, f"{value:g}", anchor="end", color="faint")
        canvas.line(LEFT, _y(ys, value), WIDTH - RIGHT, _y(ys, value), color="grid")
    canvas.line(_x(xs, capacity), TOP, _x(xs, capacity), HEIGHT - BOTTOM, color="faint", dash="4 3")
    canvas.text(_x(xs, capacity) + 4, TOP + 12, "all slots", size=11, color="faint")
    canvas.line(LEFT, _y(ys, TARGET_S), WIDTH - RIGHT, _y(ys, TARGET_S), color="alarm", dash="4 3")
    canvas.text(WIDTH - RIGHT + 6, _y(ys, TARGET_S) + 4, f"target {TARGET_S:g} s", size=11, color="alarm")
    for i, (name, curve) in enumerate(curves.items()):
        places = [(_x(xs, x), _y(ys, y)) for x, y in curve]
        canvas.polyline(places, color=SERIES[i], width=2.2)
        for x, y in places:
            canvas.rect(x - 3, y - 3, 6, 6, color=SERIES[i])
        _legend(canvas, i, name, SERIES[i])
    return canvas


def timeline(outcome: Outcome) -> SvgCanvas:
    """One row for each user: waiting, hearing, silent."""
    result = [each for each in outcome.results if each.job and each.kind == "live"]
    users = list(dict.fromkeys(each.user for each in result))[:MOST_ROWS]
    height = TOP + BOTTOM + ROW * max(1, len(users))
    canvas = SvgCanvas(WIDTH, height, f"What listeners heard: {outcome.run.about}")
    span_s = outcome.run.span_s
    canvas.text(LEFT, 24, f"{outcome.run.name}: {outcome.run.about}", size=14, bold=True)
    for value in ticks(0, span_s):
        x = _at(value, span_s)
        canvas.line(x, TOP, x, height - BOTTOM, color="grid")
        canvas.text(x, height - BOTTOM + 18, f"{value:g}", anchor="middle", color="faint")
    canvas.text((LEFT + WIDTH - RIGHT) / 2, height - 12, "seconds", anchor="middle", color="faint")
    for row, user in enumerate(users):
        y = TOP + ROW * row
        canvas.text(LEFT - 6, y + ROW - 4, user, size=10, anchor="end", color="faint")
        for each in result:
            if each.user == user:
                _bars_of(canvas, each, y, span_s)
    for i, (name, color) in enumerate((("waits", "c1"), ("hears", "c0"), ("silent", "alarm"))):
        _legend(canvas, i, name, color)
    return canvas


def _bars_of(canvas: SvgCanvas, result: RequestResult, y: float, span_s: float) -> None:
    end_s = result.over_s if result.over_s >= 0 else span_s
    first_s = result.chunks[0][0] if result.chunks else end_s
    _bar(canvas, result.asked_s, first_s, y, span_s, "c1", f"waits {first_s - result.asked_s:.2f} s")
    if not result.chunks:
        return
    _bar(canvas, first_s, end_s, y, span_s, "c0", f"{result.user} hears {result.text_s:g} s of text")
    player = played(result.chunks, end_s, ended_s=result.ended_s, pace=result.pace)
    for from_s, to_s in player.stalls:
        if to_s - from_s > SILENCE_S:
            _bar(canvas, from_s, to_s, y, span_s, "alarm", f"silent for {to_s - from_s:.2f} s")


def _bar(canvas: SvgCanvas, from_s: float, to_s: float, y: float, span_s: float, color: str, tip: str) -> None:
    x = _at(from_s, span_s)
    canvas.rect(x, y + 2, max(0.8, _at(min(to_s, span_s), span_s) - x), ROW - 4, color=color, tip=tip)


def _at(at_s: float, span_s: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * at_s / span_s


class _Log:
    """A logarithmic axis from the smallest to the largest of some positive numbers."""

    def __init__(self, values: Sequence[float]) -> None:
        known = [value for value in values if value > 0]
        self.low, self.high = min(known) / 1.15, max(known) * 1.15

    def share(self, value: float) -> float:
        return math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)

    def marks(self, values: Sequence[float]) -> list[float]:
        return [value for value in values if self.low <= value <= self.high]


def _x(axis: _Log, value: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * axis.share(value)


def _y(axis: _Log, value: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * axis.share(value)


def _frame(canvas: SvgCanvas, title: str, across: str, up: str) -> None:
    canvas.text(LEFT, 24, title, size=14, bold=True)
    canvas.line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, color="faint")
    canvas.line(LEFT, TOP, LEFT, HEIGHT - BOTTOM, color="faint")
    canvas.text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, across, anchor="middle", color="faint")
    canvas.text(18, (TOP + HEIGHT - BOTTOM) / 2, up, anchor="middle", turn=-90, color="faint")


def _legend(canvas: SvgCanvas, i: int, name: str, color: str) -> None:
    y = TOP + 10 + 18 * i
    canvas.rect(WIDTH - RIGHT + 12, y - 9, 12, 10, color=color)
    canvas.text(WIDTH - RIGHT + 30, y, name)
