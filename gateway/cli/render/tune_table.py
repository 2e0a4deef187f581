"""The table of `seriatim tune`, in lines for a terminal. Pure."""

from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]  #: one setting, as `python -m workers.tune` gives it

COLUMNS = (
    ("processes", 9), ("slots", 5), ("first p50 ms", 12), ("first p95 ms", 12), ("audio s/s", 9), ("each x", 6),
    ("memory GB", 9), ("GPU GB", 6),
)  # fmt: skip
BAR = 40  #: characters of the longest one


def heading() -> str:
    """Above the lines."""
    return "  ".join(f"{name:>{width}}" for name, width in COLUMNS)


def line(row: Row) -> str:
    """One setting's figures, or why it has none."""
    setting = row["setting"]
    cells = [setting["processes"], setting["slots"]]
    if row["problem"]:
        return f"{_cells(cells)}  {row['problem']}"
    cells += [
        f"{row['first_p50_ms']:.0f}", f"{row['first_p95_ms']:.0f}", f"{row['audio_s_per_s']:.2f}",
        f"{row['each_x']:.2f}", f"{row['rss_bytes'] / 1e9:.2f}",
        f"{row['gpu_bytes'] / 1e9:.2f}" if row["gpu_bytes"] else "-",
    ]  # fmt: skip
    failed = f"  {row['failed']} of {row['sentences']} sentences failed" if row["failed"] else ""
    return _cells(cells) + failed


def bars(rows: Sequence[Row]) -> str:
    """Throughput and first audio of each setting, as bars."""
    whole = [row for row in rows if not row["problem"]]
    parts = []
    for name, key, unit in (("audio s/s", "audio_s_per_s", ".2f"), ("first audio p95, ms", "first_p95_ms", ".0f")):
        most = max((row[key] for row in whole), default=0.0) or 1.0
        parts += [name]
        parts += [f"  {label(row):>7}  {_bar(row[key] / most)} {row[key]:{unit}}" for row in whole]
    return "\n".join(parts)


def advice(found: dict[str, Any]) -> str:
    """A line on what to take for each use, and one on why."""
    lines = []
    for use, advised in found["advice"].items():
        setting = advised["setting"]
        threads = f" --engine-option threads={setting['threads']}" if setting["threads"] else ""
        chosen = f"--slots {setting['slots']} --processes {setting['processes']}{threads}"
        lines += [f"{use + ':':<6} {chosen}", f"       {advised['why']}"]
    return "\n".join(lines)


def label(row: Row) -> str:
    """Such as "2 x 8": processes and slots."""
    return f"{row['setting']['processes']} x {row['setting']['slots']}"


def _bar(share: float) -> str:
    return "█" * max(1, round(share * BAR))


def _cells(cells: Sequence[object]) -> str:
    return "  ".join(f"{cell!s:>{width}}" for cell, (_, width) in zip(cells, COLUMNS, strict=False))
