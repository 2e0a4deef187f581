"""The table of `seriatim tune`, as text for a terminal. Pure."""

from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]  #: figures of one setting, as `python -m workers.tune` prints them

COLUMNS = (
    ("processes", 9), ("slots", 5), ("first p50 ms", 12), ("first p95 ms", 12), ("audio s/s", 9), ("each x", 6),
    ("memory GB", 9), ("GPU GB", 6),
)  # fmt: skip


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


def advice_lines(found: dict[str, Any]) -> str:
    """Two lines for each use, the recommended arguments and the reason; at the end, a sentence to act on."""
    lines = []
    for use, advised in found["advice"].items():
        setting = advised["setting"]
        threads = f" --engine-option threads={setting['threads']}" if setting["threads"] else ""
        arguments = f"--slots {setting['slots']} --processes {setting['processes']}{threads}"
        lines += [f"{use + ':':<6} {arguments}", f"       {advised['why']}"]
    kept = f"kept:  {found['kept']}; workers with --slots auto use the live setting"
    lines += [kept if found["kept"] else f"not kept for --slots auto: {found['not_kept']}"]
    lines += ["", found["conclusion"]]
    return "\n".join(lines)


def _cells(cells: Sequence[object]) -> str:
    return "  ".join(f"{cell!s:>{width}}" for cell, (_, width) in zip(cells, COLUMNS, strict=False))
