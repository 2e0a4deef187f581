"""Speed table (`make bench-speed`): what Seriatim adds to its engines, in several runs, quiet and on busy cores.

Each figure is measured once a run, in turn with what it is compared with, and printed as the median of all runs with
the least and the most of them, beside its limit. On busy cores as many processes as cores do nothing but spin.
Times belong to the host and its load, which the table names; ratios carry over. A run takes about 1.5 minutes, with
--quick a third of that.
"""

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bench import latency
from bench.broker import Profile
from bench.isolated import Entry, run_all
from bench.measure import Row
from bench.rivals import RAW, RIVALS
from bench.speed import slot_costs
from bench.table import machine, x_ideal
from bench.work import Work
from tests.prove import busy_cores

OURS = Entry("seriatim", "bench.ours:measure")
ROUND_TRIP = Entry("raw Celery, one by one", "bench.rivals.celery_raw:measure_round_trips")
THREADS = "futures, threads"  #: the entry whose total is the least that this machine and this engine allow
COMPARED = (THREADS, "celery delay + get", "dramatiq results")  #: names of entries


@dataclass(frozen=True, slots=True)
class SpeedFigure:
    """One row: its limit is `at_least` or `at_most`; neither is a figure to compare with."""

    name: str
    unit: str
    at_least: float | None = None
    at_most: float | None = None

    def met(self, value: float) -> bool:
        """Is the value within the limit?"""
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)

    @property
    def limit(self) -> str:
        """The limit as text; "" if there is none."""
        if self.at_least is not None:
            return f"≥ {self.at_least:g} {self.unit}".strip()
        return "" if self.at_most is None else f"≤ {self.at_most:g} {self.unit}".strip()


FIGURES = (
    SpeedFigure("zero-cost sentences/s, of raw Celery no-ops/s", "", at_least=0.9),
    SpeedFigure("zero-cost sentences/s", ""),
    SpeedFigure("raw Celery no-ops/s", ""),
    SpeedFigure("total of 68 ms sentences, 4 slots, of the ideal", "", at_most=1.03),
    *(SpeedFigure(f"the same, {name}", "") for name in COMPARED),
    SpeedFigure(f"that total, of {THREADS}", ""),
    SpeedFigure("gap between two sentences of a slot, p50", "ms", at_most=2),
    SpeedFigure("gap between two sentences of a slot, p99", "ms", at_most=6),
    SpeedFigure("processor time of a zero-cost sentence, all processes", "ms", at_most=2.0),
    SpeedFigure("own part of the first sound, p50", "ms", at_most=3),
    SpeedFigure("own part of the first sound, p99", "ms", at_most=8),
    SpeedFigure("round trip of a raw Celery no-op, p50", "ms"),
)


class EntryFailed(Exception):
    """An entry gave no figures; the message says which, and why."""


@dataclass(slots=True)
class SpeedRuns:
    """The values of each figure, by its name, in the order of the runs."""

    values: dict[str, list[float]] = field(default_factory=dict)
    load: float = 0.0  #: of the machine, before the first run

    def add(self, found: Mapping[str, float]) -> None:
        """Add the values of one run."""
        for name, value in found.items():
            self.values.setdefault(name, []).append(value)


def main(argv: Sequence[str]) -> int:
    """Run, print the table, write the values; returns 1 if a median on quiet cores misses its limit."""
    parser = argparse.ArgumentParser(prog="python -m bench.speed.speed_table", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="of each kind (default 5)")
    parser.add_argument("--busy", action="store_true", help="as many runs on busy cores, too")
    parser.add_argument("--quick", action="store_true", help="a third of the work: for a look")
    parser.add_argument("--json", type=Path, default=Path("bench/out/speed.json"), metavar="FILE")
    arguments = parser.parse_args(argv)
    kinds = {"quiet": 0} | ({"busy": os.cpu_count() or 1} if arguments.busy else {})
    found = {kind: SpeedRuns(load=os.getloadavg()[0]) for kind in kinds}
    for number in range(arguments.runs):
        for kind, spinning in kinds.items():
            with busy_cores(spinning) if spinning else nullcontext():
                found[kind].add(run_once(quick=arguments.quick))
            print(f"run {number + 1} of {arguments.runs}, {kind}: done", file=sys.stderr, flush=True)
    print("\n".join(table_lines(found, datetime.now(UTC))))
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    written = {kind: {"load": runs.load, "values": runs.values} for kind, runs in found.items()}
    arguments.json.write_text(json.dumps({"machine": machine(), **written}, indent=1) + "\n")
    return int(not all(f.met(statistics.median(found["quiet"].values[f.name])) for f in FIGURES))


def run_once(*, quick: bool) -> dict[str, float]:
    """Measure each figure once.

    Raises:
        EntryFailed: an entry gave no figures.
    """
    share = 3 if quick else 1
    return _throughput(share) | _totals(share) | _slots(share) | _first_sound(quick=quick)


def _throughput(share: int) -> dict[str, float]:
    raw = _row(RAW, Work(3000 // share, 0.0, 4, 0)).sentences_per_s
    own = _row(OURS, Work(2000 // share, 0.0, 4, 20_000)).sentences_per_s
    return {FIGURES[0].name: own / raw, FIGURES[1].name: own, FIGURES[2].name: raw}


def _totals(share: int) -> dict[str, float]:
    work = Work(300 // share)
    entries = {FIGURES[3].name: OURS} | {f"the same, {each.name}": each for each in RIVALS if each.name in COMPARED}
    totals = {name: x_ideal(_row(entry, work)) or 0.0 for name, entry in entries.items()}
    return totals | {f"that total, of {THREADS}": totals[FIGURES[3].name] / totals[f"the same, {THREADS}"]}


def _slots(share: int) -> dict[str, float]:
    gaps, cheap = slot_costs.measure(Work(300 // share)), slot_costs.measure(Work(2000 // share, 0.0, 4, 20_000))
    return dict(zip((f.name for f in FIGURES[8:11]), (gaps.gap_p50_ms, gaps.gap_p99_ms, cheap.all_ms), strict=True))


def _first_sound(*, quick: bool) -> dict[str, float]:
    own = latency.measure(Profile.NONE, 60 if quick else latency.JOBS)
    raw = _row(ROUND_TRIP, Work(60 if quick else latency.JOBS, 0.0, 1, 0)).first_audio_ms
    return dict(zip((f.name for f in FIGURES[11:]), (own.p50_ms, own.p99_ms, raw), strict=True))


def _row(entry: Entry, work: Work) -> Row:
    (row,) = run_all([entry], work, Profile.NONE)
    if row.failure:
        raise EntryFailed(f"{entry.name}: {row.failure}")
    return row


def table_lines(found: Mapping[str, SpeedRuns], now: datetime) -> list[str]:
    """The table in Markdown, under a line that names host, load and date."""
    loads = ", ".join(f"load {runs.load:.1f} before the {kind} runs" for kind, runs in found.items())
    n_runs = len(next(iter(next(iter(found.values())).values.values())))
    heads = ["", "limit", *(f"{kind}: median (least to most)" for kind in found)]
    rows = [[f.name, f.limit, *(_cell(f, runs.values[f.name]) for runs in found.values())] for f in FIGURES]
    where = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {loads}, {now:%Y-%m-%d}"
    return [f"{where}; {n_runs} runs of each kind", "", *map(_table_row, (heads, ["---"] * len(heads), *rows))]


def _table_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(figure: SpeedFigure, values: Sequence[float]) -> str:
    digits = 2 if figure.unit else 3  # ratios differ by less than 1 %
    show: Callable[[float], str] = lambda x: f"{x:,.0f}" if x >= 100 else f"{x:.{digits}f}"  # noqa: E731  # used thrice
    median = statistics.median(values)
    text = f"{show(median)} ({show(min(values))} to {show(max(values))})"
    return text if figure.met(median) else f"{text}, missed"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
