"""The provider table: each figure of the benches in front of a provider stands beside what it must reach."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from bench.provider_table import FILES, main, provider_figures, provider_table

FOUND: dict[str, Any] = {
    "providers": {
        "parallel": {"ratio": 4.6, "of_ideal": 1.08},
        "several": {"of_ideal": 1.02, "memory_mb": 312.6},
        "first": {"own_p50_ms": 7.4, "own_p99_ms": 28.0},
    },
    "limit": {
        "reported": {"requests": [12, 6, 9], "n": 640, "refused": 0.0125, "failed": 0},
        "refusals": {"requests": [12, 10, 71], "n": 640, "refused": 0.05, "failed": 0},
    },
    "takeovers": {"rounds": 20, "silence_p50_ms": 0.0, "silence_p95_ms": 79.0, "lost": 0, "again": 1},
}


def test_the_rows_of_a_run_that_reaches_all() -> None:
    rows = provider_figures(FOUND)
    assert all(row.met for row in rows)
    assert [(row.measured, row.required) for row in rows] == [
        ("4.60 x, 1.08 of the ideal", "4.5 x, 1.1"),
        ("0 failed, followed after 6 and 9 requests, 1.2% refused", "0 failed, 10 and 10 requests, 5%"),
        ("0 failed, followed after 10 and 71 requests, 5.0% refused", "0 failed, 10 and 80 requests, 5%"),
        ("no mix-up, 1.02 of the ideal, 313 MB", "no mix-up, 1.1, 500 MB"),
        ("7.4 ms, 28.0 ms", "8 ms, 30 ms"),
        ("79 ms, one discontinuity, 0 words lost, at most 1 said again", "2000 ms, one, 0 lost"),
    ]


@pytest.mark.parametrize(
    ("row", "path", "value"),
    [
        (0, ("providers", "parallel", "ratio"), 4.4),
        (0, ("providers", "parallel", "of_ideal"), 1.2),
        (1, ("limit", "reported", "requests"), [12, 6, 11]),
        (1, ("limit", "reported", "failed"), 1),
        (2, ("limit", "refusals", "requests"), [12, 11, 9]),
        (2, ("limit", "refusals", "refused"), 0.06),
        (3, ("providers", "several", "of_ideal"), 1.2),
        (3, ("providers", "several", "memory_mb"), 501.0),
        (4, ("providers", "first", "own_p50_ms"), 8.1),
        (4, ("providers", "first", "own_p99_ms"), 31.0),
        (5, ("takeovers", "silence_p95_ms"), 2_001.0),
        (5, ("takeovers", "lost"), 1),
    ],
)
def test_a_figure_that_is_missed_is_shown_so(row: int, path: tuple[str, ...], value: Any, tmp_path: Path) -> None:
    found = copy.deepcopy(FOUND)
    place = found
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    rows = provider_figures(found)
    assert [number for number, each in enumerate(rows) if not each.met] == [row]
    assert [line.endswith("missed") for line in provider_table(rows).splitlines()].index(True) == row + 1
    for name, file in FILES.items():
        (tmp_path / file).write_text(json.dumps(found[name]))
    assert main(["--folder", str(tmp_path)]) == 1
