"""The plot of `seriatim tune`: seconds of audio per second against first audio, one line per process count."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.cli.render.svg import SERIES, SvgCanvas, ticks
from gateway.cli.render.tune_table import Row

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760.0, 440.0, 70.0, 30.0, 70.0, 60.0
DOT = 8.0
HEADROOM = 1.08  #: end of an axis, in multiples of the largest value


@dataclass(frozen=True, slots=True)
class _PlotScale:
    """The scale from values to pixels; both axes begin at 0."""

    most_ms: float
    most_rate: float

    def x(self, ms: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * ms / self.most_ms

    def y(self, rate: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * rate / self.most_rate


def draw_plot(found: dict[str, Any], first_ms: float) -> SvgCanvas:
    """Draw the plot; `first_ms` is the limit of first audio for live listeners."""
    rows = [row for row in found["measured"] if not row["problem"]]
    scale = _PlotScale(
        HEADROOM * max(first_ms, *(row["first_p95_ms"] for row in rows)),
        HEADROOM * max(row["audio_s_per_s"] for row in rows),
    )
    canvas = SvgCanvas(WIDTH, HEIGHT, title="throughput and first audio by slots and processes")
    canvas.text(LEFT, 26, "throughput and first audio by slots and processes", size=15, bold=True)
    _axes(canvas, scale, first_ms)
    for number, processes in enumerate(sorted({row["setting"]["processes"] for row in rows})):
        of_kind = [row for row in rows if row["setting"]["processes"] == processes]
        _curve(canvas, scale, of_kind, SERIES[number % len(SERIES)])
        name = f"{processes} process{'es' if processes > 1 else ''}, numbers are slots"
        canvas.text(LEFT + 230 * number, 48, name, color=SERIES[number % len(SERIES)])
    return canvas


def _axes(canvas: SvgCanvas, scale: _PlotScale, first_ms: float) -> None:
    for ms in ticks(0, scale.most_ms):
        canvas.line(scale.x(ms), TOP, scale.x(ms), HEIGHT - BOTTOM, color="grid")
        canvas.text(scale.x(ms), HEIGHT - BOTTOM + 18, f"{ms:g}", anchor="middle", color="faint")
    for rate in ticks(0, scale.most_rate):
        canvas.line(LEFT, scale.y(rate), WIDTH - RIGHT, scale.y(rate), color="grid")
        canvas.text(LEFT - 8, scale.y(rate) + 4, f"{rate:g}", anchor="end", color="faint")
    middle = (LEFT + WIDTH - RIGHT) / 2
    canvas.text(middle, HEIGHT - 14, "first audio p95, ms", anchor="middle")
    canvas.text(20, (TOP + HEIGHT - BOTTOM) / 2, "seconds of audio per second", anchor="middle", turn=-90)
    canvas.line(scale.x(first_ms), TOP, scale.x(first_ms), HEIGHT - BOTTOM, color="alarm", dash="4 3")
    canvas.text(scale.x(first_ms) - 4, TOP + 12, "live", anchor="end", color="alarm")


def _curve(canvas: SvgCanvas, scale: _PlotScale, rows: Sequence[Row], color: str) -> None:
    points = [(scale.x(row["first_p95_ms"]), scale.y(row["audio_s_per_s"])) for row in rows]
    canvas.polyline(points, color=color)
    for (x, y), row in zip(points, rows, strict=True):
        tip = f"{row['audio_s_per_s']:.2f} s of audio per second, first audio p95 {row['first_p95_ms']:.0f} ms"
        canvas.rect(x - DOT / 2, y - DOT / 2, DOT, DOT, color=color, tip=tip)
        canvas.text(x + DOT, y - DOT / 2, str(row["setting"]["slots"]), size=11, color=color)
