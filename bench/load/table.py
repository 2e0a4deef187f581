"""The table of runs for people. One line for each group of listeners of each run."""

import math
from collections.abc import Mapping, Sequence

from bench.load.erlang import erlang_b, overflow
from bench.load.figures import Summary, quantile
from bench.load.load_system import Outcome

HEADINGS = (
    "policy", "run", "group", "asked", "in", "ttfa p50", "p95", "p99 s", "silent", "times", "s", "c100", "viable",
    "late p99 ms", "jitter ms", "good/s", "jain", "max diff s",
)  # fmt: skip
_WIDTHS = (11, 17, 8, 5, 5, 8, 6, 6, 6, 5, 6, 5, 6, 11, 9, 6, 6, 10)


def heading() -> str:
    """The first line."""
    return _line(HEADINGS)


def line(policy: str, run: str, group: str, found: Summary) -> str:
    """One group's line."""
    counts = (str(found.requests), str(found.accepted))
    waits = (_n(found.ttfa_p50_s, 2), _n(found.ttfa_p95_s, 2), _n(found.ttfa_p99_s, 2))
    silences = (str(found.stalled), str(found.stalls), _n(found.stalled_s, 1))
    shares = (_n(found.c100, 3), _n(found.viable, 3), _n(found.late_p99_ms, 0), _n(found.jitter_p95_ms, 0))
    rest = (_n(found.goodput, 2), _n(found.jain, 3), _n(found.difference_s, 1))
    return _line((policy, run, group, *counts, *waits, *silences, *shares, *rest))


def used_line(outcome: Outcome) -> str:
    """What the run's processes took."""
    parts = [f"{name} {used.cores:.2f} cores {used.peak_mb:.0f} MB" for name, used in outcome.used.items()]
    rounds = f"clients' rounds p99 {quantile(outcome.rounds_ms, 0.99):.1f} ms"
    return f"{'':13}{'; '.join(parts)}; {rounds}; rtf {outcome.measured['rtf']:.3f}"


def refusals_line(found: Summary, offered: float, lines: int, most: float) -> str:
    """Refusals of an open loop beside what Erlang says; `most` listeners is what the slots can speak.

    Erlang-B holds a line for the length of a text. We hold it until the text is spoken, which is sooner where there is
    room to work ahead, so fewer are refused; no policy can stay below the overflow.
    """
    first = found.requests - found.back
    share = (found.refused - (found.back - found.back_in)) / first if first else 0.0
    back = f"{found.back_in} of {found.back} who came back got in" if found.back else "none came back"
    return (
        f"{'':13}refused at first {share:.0%}; Erlang-B of {offered:.0f} erlangs on {lines} lines "
        f"{erlang_b(offered, lines):.0%}; beyond the slots {overflow(offered, most):.0%}; {back}"
    )


def target_lines(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """The target figures, each with what was measured."""
    width = max(len(str(row["measure"])) for row in rows)
    return [
        f"{'ok  ' if row['met'] else 'MISS'}  {row['measure']!s:<{width}}  target {row['target']!s:<14}  {row['found']}"
        for row in rows
    ]


def _line(cells: Sequence[str]) -> str:
    left = [f"{cell:<{width}}" for cell, width in zip(cells[:3], _WIDTHS[:3], strict=True)]
    right = [f"{cell:>{width}}" for cell, width in zip(cells[3:], _WIDTHS[3:], strict=True)]
    return " ".join([*left, *right]).rstrip()


def _n(value: float, digits: int) -> str:
    return "-" if math.isnan(value) else f"{value:.{digits}f}"
