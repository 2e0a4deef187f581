"""The table and bars of `seriatim tune`, as text for a terminal. Pure."""

from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]  #: figures of one setting, as `python -m workers.tune` prints them

COLUMNS = (
    ("processes", 9), ("slots", 5), ("first p50 ms", 12), ("first p95 ms", 12), ("audio s/s", 9), ("each x", 6),
    ("memory GB", 9), ("GPU GB", 6),
)  # fmt: skip
BAR_WIDTH = 40  #: characters of the longest bar


def table_heading() -> str:
    """The heading of the table."""
    return "  ".join(f"{name:>{width}}" for name, width in COLUMNS)


def table_row(row: Row) -> str:
    """The row of one setting: its figures, or the reason why it has none."""
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


def bar_charts(rows: Sequence[Row]) -> str:
    """Bar charts of throughput and first audio of each setting."""
    measured = [row for row in rows if not row["problem"]]
    parts = []
    for name, key, unit in (("audio s/s", "audio_s_per_s", ".2f"), ("first audio p95, ms", "first_p95_ms", ".0f")):
        largest = max((row[key] for row in measured), default=0.0) or 1.0
        parts += [name]
        parts += [f"  {setting_label(row):>7}  {_bar(row[key] / largest)} {row[key]:{unit}}" for row in measured]
    return "\n".join(parts)


def advice_lines(found: dict[str, Any]) -> str:
    """Two lines for each use: the recommended arguments, and the reason."""
    lines = []
    for use, advised in found["advice"].items():
        setting = advised["setting"]
        threads = f" --engine-option threads={setting['threads']}" if setting["threads"] else ""
        arguments = f"--slots {setting['slots']} --processes {setting['processes']}{threads}"
        lines += [f"{use + ':':<6} {arguments}", f"       {advised['why']}"]
    return "\n".join(lines)


def setting_label(row: Row) -> str:
    """A setting's label, such as "2 x 8": processes and slots."""
    return f"{row['setting']['processes']} x {row['setting']['slots']}"


def _bar(share: float) -> str:
    return "█" * max(1, round(share * BAR_WIDTH))


def _cells(cells: Sequence[object]) -> str:
    return "  ".join(f"{cell!s:>{width}}" for cell, (_, width) in zip(cells, COLUMNS, strict=False))
