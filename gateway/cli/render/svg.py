"""SVG canvas: rectangles, lines and text, legible in light and dark colour schemes.

Colours are names, not values: a style sheet in the file gives each one value for the light scheme and another for the
dark one (`prefers-color-scheme`). Coordinates are pixels from the upper left corner. All text is escaped.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

#: name -> (light scheme, dark scheme). The numbered ones are Okabe and Ito's, which colour-blind people can tell apart.
COLORS = {
    "paper": ("#ffffff", "#15171b"),
    "ink": ("#1f2328", "#e6e8eb"),
    "faint": ("#6a737d", "#9aa3ad"),
    "grid": ("#e2e5e9", "#30353c"),
    "alarm": ("#c9340a", "#ff7043"),
    "c0": ("#0072b2", "#56b4e9"),
    "c1": ("#e69f00", "#e69f00"),
    "c2": ("#009e73", "#2fc79a"),
    "c3": ("#cc79a7", "#cc79a7"),
    "c4": ("#8a6d00", "#f0e442"),
    "c5": ("#56b4e9", "#7fc8f2"),
}
SERIES = tuple(name for name in COLORS if name.startswith("c"))  #: colours
FONT = "system-ui, -apple-system, 'Segoe UI', sans-serif"


@dataclass(slots=True)
class SvgCanvas:
    """A picture of `width` by `height` pixels."""

    width: float
    height: float
    title: str = ""  #: read by screen readers
    shapes: list[str] = field(default_factory=list)

    def rect(
        self, x: float, y: float, width: float, height: float, *,
        color: str = "grid", opacity: float = 1.0, tip: str = "",
    ) -> None:  # fmt: skip
        """Add a filled rectangle; `tip` is shown when the pointer rests on it."""
        attributes = f'x="{_num(x)}" y="{_num(y)}" width="{_num(max(0.0, width))}" height="{_num(max(0.0, height))}"'
        shade = f' opacity="{_num(opacity)}"' if opacity < 1 else ""
        title = f"<title>{escape(_printable(tip))}</title>" if tip else ""
        self.shapes.append(f'<rect class="f-{_check_color(color)}" {attributes}{shade}>{title}</rect>')

    def line(
        self, x1: float, y1: float, x2: float, y2: float, *, color: str = "ink", width: float = 1.0, dash: str = ""
    ) -> None:  # fmt: skip
        """Add a straight line; `dash` as in SVG, such as "4 3"."""
        self.polyline([(x1, y1), (x2, y2)], color=color, width=width, dash=dash)

    def polyline(
        self, points: Iterable[tuple[float, float]], *, color: str = "c0", width: float = 1.8, dash: str = ""
    ) -> None:  # fmt: skip
        """Add a line through points (x, y)."""
        path = " ".join(f"{_num(x)},{_num(y)}" for x, y in points)
        dash_attribute = f" stroke-dasharray={quoteattr(dash)}" if dash else ""
        self.shapes.append(
            f'<polyline class="s-{_check_color(color)}" points="{path}" stroke-width="{_num(width)}"{dash_attribute}/>'
        )

    def text(
        self, x: float, y: float, text: str, *, size: float = 12, anchor: str = "start", color: str = "ink",
        turn: float = 0.0, bold: bool = False,
    ) -> None:  # fmt: skip
        """Add text on the base line y. `anchor` is start, middle or end; `turn` in degrees, clockwise around (x, y)."""
        transform = f' transform="rotate({_num(turn)} {_num(x)} {_num(y)})"' if turn else ""
        weight = ' font-weight="600"' if bold else ""
        attributes = (
            f'x="{_num(x)}" y="{_num(y)}" font-size="{_num(size)}" text-anchor={quoteattr(anchor)}{weight}{transform}'
        )
        self.shapes.append(f'<text class="f-{_check_color(color)}" {attributes}>{escape(_printable(text))}</text>')

    def svg(self) -> str:
        """The whole file."""
        width, height = _num(self.width), _num(self.height)
        size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        title_element = f"<title>{escape(_printable(self.title))}</title>\n" if self.title else ""
        paper = '<rect class="f-paper" width="100%" height="100%"/>'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
        return "\n".join([head, f"{title_element}<style>\n{_STYLE}</style>", paper, *self.shapes, "</svg>", ""])

    def save(self, path: str | Path) -> None:
        """Write the file.

        Raises:
            OSError: it cannot be written.
        """
        Path(path).write_text(self.svg(), "utf-8")


def ticks(low: float, high: float, most: int = 8) -> Sequence[float]:
    """Round numbers from `low` to `high` (1, 2 or 5 times a power of ten apart), at most `most` steps."""
    if not high > low:
        return [low]
    rough = (high - low) / most
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def _num(number: float) -> str:
    """`number` with at most two decimals; -0 is 0."""
    return f"{round(number, 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def _printable(text: str) -> str:
    """`text` without control characters, which XML forbids."""
    return "".join(c if c.isprintable() else " " for c in text)


def _check_color(color: str) -> str:
    if color not in COLORS:
        raise ValueError(f"unknown colour {color!r}; there are: {', '.join(COLORS)}")
    return color


def _style_rules(shade: int) -> str:
    return "".join(
        f".f-{name}{{fill:{values[shade]}}}.s-{name}{{stroke:{values[shade]};fill:none}}\n"
        for name, values in COLORS.items()
    )


_STYLE = f"text{{font-family:{FONT}}}\n{_style_rules(0)}@media (prefers-color-scheme: dark){{\n{_style_rules(1)}}}\n"
