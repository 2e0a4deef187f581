"""`make bench-load`: listeners by the dozen on one machine, our policy beside two plain ones, all in one run.

    python -m bench.load [--quick] [--json FILE]

Every system has four slots of the tone engine at RTF 0.25, which is sixteen listeners' worth; one more, of a cheaper
engine, serves many listeners. First in, first out (`fifo`: the earliest request is spoken first, as far as its
window goes) and round robin (`round_robin`: users take turns, each with its oldest job) replace only the order.
Windows, leases, workers, transport and admission are the same for all three, so a difference is the order's. Neither
knows playback deadlines or classes. Plain Celery would do without the windows too, and accept every job: what is
measured here of the two is what they are at their best.

Runs whose engine sleeps take a fifth of a core; several such systems, each with a server of its own, run side by side.
What takes the processor (the listeners, picks) and what is measured in ms (cancels) runs alone, afterwards.

About 100 seconds with --quick, 9 minutes without. Figures of a noisy machine: compare within one run.
"""

import argparse
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.load import cancels, picks, report, scenarios
from bench.load.figures import Summary, meets, most, summary
from bench.load.load_system import CHEAP_RTF, LISTENERS, LoadSystem, Outcome, RunFailed, started_system
from bench.load.plan import LoadRun
from bench.load.policies import OURS, POLICIES
from bench.load.scenarios import FULL, QUICK, THOROUGH, Sizes
from bench.load.table import heading, line, refusals_line, target_lines, used_line
from bench.load.targets import figures


@dataclass(slots=True)
class Book:
    """Everything that was measured so far. Filled from several threads."""

    found: dict[tuple[str, str, str], Summary] = field(default_factory=dict)  #: (policy, run, group)
    outcomes: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    most: dict[str, int] = field(default_factory=dict)  #: listeners at the target, by policy
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, place: LoadSystem, policy: str, run: LoadRun) -> None:
        """Let one run happen, print its lines, keep its figures; a failure is noted, and the bench goes on."""
        try:
            outcome = place.run(run)
        except RunFailed as error:
            self.fail(f"{policy}, {run.name}: {error}")
            return
        lines = []
        for group in dict.fromkeys(each.group for each in outcome.results):
            results = [each for each in outcome.results if each.group == group]
            found = summary(results, run.span_s, run.warm_s)
            self.found[policy, run.name, group] = found
            lines.append(line(policy, run.name, group, found))
            if run.name.startswith(("poisson", "bursts")):
                lines.append(_refusals(outcome, found))
        self.outcomes[policy, run.name] = outcome
        with self.lock:
            print("\n".join([*lines, used_line(outcome)]), flush=True)

    def fail(self, reason: str) -> None:
        """Note that something did not run."""
        self.failures.append(reason)
        print(f"  FAILED {reason}", flush=True)


@dataclass(frozen=True, slots=True)
class Lane:
    """Runs that follow each other on one system."""

    policy: str
    runs: tuple[LoadRun, ...]
    bisects: tuple[int, ...] = ()  #: behind them: the most listeners at the target, between these


def main(argv: Sequence[str]) -> int:
    """Run everything; returns 1 if something failed to run."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description="See the head of bench/load/__main__.py.")
    parser.add_argument("--quick", action="store_true", help="fewer listeners, shorter runs")
    parser.add_argument("--json", type=Path, default=Path("bench/out/load.json"), metavar="FILE")
    arguments = parser.parse_args(argv)
    sizes, book, began_s = QUICK if arguments.quick else THOROUGH, Book(), time.monotonic()
    print(heading())
    with ThreadPoolExecutor(len(lanes(sizes))) as threads:
        for done in [threads.submit(_drive, book, lane, sizes) for lane in lanes(sizes)]:
            done.result()
    with started_system(OURS, CHEAP_RTF) as place:
        book.run(place, OURS, scenarios.many(sizes.n_listeners, max(20.0, sizes.side_s)))
    picked, cancelled = picks.measure(sizes.pick_jobs, sizes.picks), cancels.measure(sizes.cancels)
    rows = [asdict(row) for row in figures(book.found, _spans(book), picked, cancelled)]
    print(f"\ntargets, and measured in these {time.monotonic() - began_s:.0f} s:")
    print("\n".join(target_lines(rows)))
    written = report.written(book.outcomes, book.found, book.most, book.failures)
    extra = {"targets": rows, "picks": asdict(picked), "cancels": asdict(cancelled)}
    report.write(arguments.json, written | extra, book.outcomes, book.found)
    return 1 if book.failures else 0


def lanes(sizes: Sizes) -> tuple[Lane, ...]:
    """What goes on side by side: ours everything, the others what tells them apart."""
    full_s, side_s, mixed = sizes.full_s, sizes.side_s, scenarios.MIXED_S
    ours = tuple(scenarios.at_once(n, full_s if n == FULL else sizes.sweep_s, mixed) for n in sizes.sweep)
    others = tuple(scenarios.at_once(n, full_s if n == FULL else sizes.sweep_s, mixed) for n in sizes.sweep_others)
    sides = (scenarios.storms, scenarios.short_beside_long, scenarios.leaving, scenarios.slow)
    return (
        Lane(OURS, ours, sizes.sweep if sizes.bisect else ()),
        Lane(OURS, (scenarios.hog(full_s), scenarios.hog(full_s, books=0), scenarios.equals(full_s))),
        Lane(OURS, (scenarios.batch_beside(FULL, full_s), scenarios.offered(full_s))),
        Lane(OURS, tuple(side(side_s) for side in sides)),
        *(
            Lane(policy, (*others, scenarios.hog(full_s)), sizes.sweep_others if sizes.bisect else ())
            for policy in POLICIES
            if policy != OURS
        ),
    )


def _drive(book: Book, lane: Lane, sizes: Sizes) -> None:
    """Everything of one lane."""
    with started_system(lane.policy) as place:
        for run in lane.runs:
            book.run(place, lane.policy, run)
        if lane.bisects:
            book.most[lane.policy] = _most(book, place, lane, sizes.sweep_s)
            print(f"{lane.policy}: at most {book.most[lane.policy]} listeners at the target", flush=True)


def _most(book: Book, place: LoadSystem, lane: Lane, span_s: float) -> int:
    """The most listeners in a closed loop at the target, between what meets it in the sweep and what does not."""

    def holds(n: int) -> bool:
        if (lane.policy, f"closed {n}", "live") not in book.found:
            book.run(place, lane.policy, scenarios.at_once(n, span_s, scenarios.MIXED_S))
        found = book.found.get((lane.policy, f"closed {n}", "live"))
        return found is not None and meets(found)

    bad = next((n for n in lane.bisects if not holds(n)), lane.bisects[-1] + 1)
    return most(max((n for n in lane.bisects if n < bad), default=0), bad, holds)


def _refusals(outcome: Outcome, found: Summary) -> str:
    fresh = [each for each in outcome.results if not each.back]
    offered = sum(each.text_s for each in fresh) / outcome.run.span_s
    return refusals_line(found, offered, FULL, LISTENERS)


def _spans(book: Book) -> dict[str, float]:
    return {run: outcome.run.span_s for (policy, run), outcome in book.outcomes.items() if policy == OURS}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
