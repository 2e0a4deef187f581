"""Picture of a day: listeners, those who wait, and the listeners that the ready pods can carry."""

from collections.abc import Callable

from bench.autoscaling.day import DAY_S
from bench.autoscaling.simulation import PER_POD, DayFigures
from gateway.cli.render.svg import SvgCanvas, ticks

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 860, 360, 60, 20, 64, 46
STRIDE = 12  #: a point a minute

Row = tuple[float, int, int, int]


def day_picture(found: DayFigures, cold_s: float) -> SvgCanvas:
    """The course of a scaled day."""
    canvas = SvgCanvas(WIDTH, HEIGHT, f"A day of arrivals, scaled from no pod on, cold start {cold_s:.0f} s")
    rows = found.course[::STRIDE]
    high = max(max(row[1], row[3] * PER_POD) for row in rows) * 1.05
    canvas.text(LEFT, 24, canvas.title, size=14, bold=True)
    for value in ticks(0, high, 5):
        canvas.line(LEFT, _y(value, high), WIDTH - RIGHT, _y(value, high), color="grid")
        canvas.text(LEFT - 8, _y(value, high) + 4, f"{value:.0f}", anchor="end", color="faint")
    for hour in range(0, 25, 3):
        canvas.text(_x(hour * 3600), HEIGHT - BOTTOM + 18, f"{hour}:00", anchor="middle", color="faint")
    lines: list[tuple[str, str, Callable[[Row], float]]] = [
        ("room of the ready pods", "c2", lambda row: row[3] * PER_POD),
        ("listeners", "c0", lambda row: row[1]),
        ("waiting", "alarm", lambda row: row[2]),
    ]
    for i, (name, color, height) in enumerate(lines):
        canvas.polyline([(_x(row[0]), _y(height(row), high)) for row in rows], color=color, width=1.4)
        canvas.rect(LEFT + 190 * i, 38, 12, 10, color=color)
        canvas.text(LEFT + 190 * i + 18, 47, name)
    canvas.text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, "time of day", anchor="middle", color="faint")
    return canvas


def _x(at_s: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * at_s / DAY_S


def _y(value: float, high: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / high
