"""Provider table (`make bench-providers`): the figures of its three benches, each beside what it must reach.

They are read from the files that the benches wrote, so that the table is of one run of all of them.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import changing_limit, providers, takeovers

FILES = {"providers": "providers.json", "limit": "changing_limit.json", "takeovers": "takeovers.json"}
UNREPORTED_UP = 80  #: requests until a limit that came back is found by refusals alone: decisions/0030


@dataclass(frozen=True, slots=True)
class ProviderFigure:
    """One row."""

    name: str
    measured: str
    required: str
    met: bool


def main(argv: Sequence[str]) -> int:
    """Print the table; returns 1 if a figure is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.provider_table", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("bench/out"), metavar="DIR", help="of the benches' files")
    folder: Path = parser.parse_args(argv).folder
    rows = provider_figures({name: json.loads((folder / file).read_text()) for name, file in FILES.items()})
    print(provider_table(rows))
    return int(not all(row.met for row in rows))


def provider_table(rows: Sequence[ProviderFigure]) -> str:
    """The rows below each other, in columns."""
    cells = [
        ("", "measured", "required", ""),
        *((r.name, r.measured, r.required, "" if r.met else "missed") for r in rows),
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    padded = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells)
    return "\n".join(line.rstrip() for line in padded)


def provider_figures(found: Mapping[str, Any]) -> list[ProviderFigure]:
    """The rows of what the benches found, by the names of FILES."""
    by_providers, required = found["providers"], providers.TARGETS
    parallel, several, first = (by_providers[name] for name in ("parallel", "several", "first"))
    return [
        ProviderFigure(
            f"8 chunks of 4 s, limit {providers.PLACES}, against one after another",
            f"{parallel['ratio']:.2f} x, {parallel['of_ideal']:.2f} of the ideal",
            f"{required['ratio']} x, {required['of_ideal']}",
            parallel["ratio"] >= required["ratio"] and parallel["of_ideal"] <= required["of_ideal"],
        ),
        *(_limit_figure(name, found["limit"][name]) for name in ("reported", "refusals")),
        ProviderFigure(
            "3 digests of 8 and a dialogue of 13 at once",
            f"no mix-up, {several['of_ideal']:.2f} of the ideal, {several['memory_mb']:.0f} MB",
            f"no mix-up, {required['of_ideal']}, {required['memory_mb']:.0f} MB",
            several["of_ideal"] <= required["of_ideal"] and several["memory_mb"] <= required["memory_mb"],
        ),
        ProviderFigure(
            "own part of the first sound, p50 and p99",
            f"{first['own_p50_ms']:.1f} ms, {first['own_p99_ms']:.1f} ms",
            f"{required['own_p50_ms']:.0f} ms, {required['own_p99_ms']:.0f} ms",
            first["own_p50_ms"] <= required["own_p50_ms"] and first["own_p99_ms"] <= required["own_p99_ms"],
        ),
        _takeover_figure(found["takeovers"]),
    ]


def _limit_figure(name: str, figures: Mapping[str, Any]) -> ProviderFigure:
    """A limit that changes; where nothing reports it, more of it is found by trying alone."""
    required = changing_limit.TARGETS
    most_up = required["requests"] if name == "reported" else UNREPORTED_UP
    down, up = figures["requests"][1:]
    shown = {"reported": "as answers report it", "refusals": "as refusals alone show it"}[name]
    return ProviderFigure(
        f"limit 10, 3, 10, {shown}",
        f"{figures['failed']} failed, followed after {down} and {up} requests, {figures['refused']:.1%} refused",
        f"0 failed, {required['requests']} and {most_up} requests, {required['refused']:.0%}",
        figures["failed"] == 0 and down <= required["requests"] and up <= most_up
        and figures["refused"] <= required["refused"],
    )  # fmt: skip


def _takeover_figure(figures: Mapping[str, Any]) -> ProviderFigure:
    required = takeovers.TARGETS
    p95_ms, lost = figures["silence_p95_ms"], figures["lost"]
    return ProviderFigure(
        f"upstream killed in mid-sentence, {figures['rounds']} rounds: silence p95",
        f"{p95_ms:.0f} ms, one discontinuity, {lost} words lost, at most {figures['again']} said again",
        f"{required['silence_ms']:.0f} ms, one, {required['words_lost']} lost",
        p95_ms <= required["silence_ms"] and lost <= required["words_lost"],
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
