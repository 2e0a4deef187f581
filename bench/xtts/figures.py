"""The figures, each beside its target: a record, a table, JSON. Pure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

HEADINGS = ("measure", "target", "measured", "ok")


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    measure: str
    target: str  #: for people; "": it is only shown
    found: str  #: for people, with what it is a ratio of
    value: float
    met: bool | None  #: None: there is no target

    @classmethod
    def at_least(cls, measure: str, least: float, value: float, of: str) -> "Figure":
        """A ratio that is to be at least `least`; `of` says of what."""
        return cls(measure, f">= {least:g}x", f"{value:.2f}x ({of})", value, value >= least)

    @classmethod
    def at_most(cls, measure: str, most: float, value: float, of: str) -> "Figure":
        """A number that is to be at most `most`."""
        return cls(measure, f"<= {most:g}", f"{value:.3g} ({of})", value, value <= most)

    @classmethod
    def shown(cls, measure: str, value: float, found: str) -> "Figure":
        """A number without a target."""
        return cls(measure, "", found, value, None)


def table(figures: Sequence[Figure]) -> str:
    """For a terminal."""
    labels = {True: "yes", False: "NO", None: ""}
    rows = [HEADINGS, *((f.measure, f.target, f.found, labels[f.met]) for f in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def as_json(figures: Sequence[Figure], machine: dict[str, Any]) -> dict[str, Any]:
    """For programs."""
    return {"machine": machine, "figures": [asdict(figure) for figure in figures]}
