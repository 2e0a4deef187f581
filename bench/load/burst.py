"""A burst of four times the load, before a supervisor that may add worker processes: when is first sound early again?

    python -m bench.load.burst [--runs N]

One process of four slots of the tone engine, whose loading takes five seconds, serves eight listeners who hear one text
after another; then there are 32. The supervisor (`--processes 1..4`) decides by its ordinary looks. Wanted: within 15 s
of that decision the first sound of 95 % of the texts comes within a second, and stays so. A listener who is refused
asks again; the wait counts from when it asked first.

Returns 1 if that is missed. About a minute a run.
"""

import argparse
import re
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.load.arrivals import spread
from bench.load.figures import UNDERRUN_S, quantile
from bench.load.load_system import LoadSystem, started_system
from bench.load.plan import Ask, LoadRun, RequestResult
from bench.load.player import played
from bench.load.scenarios import ANSWERS_S

FEW, MANY = 8, 32  #: listeners; four slots at RTF 0.25 are room for fifteen
BURST_S, SPAN_S = 15.0, 60.0
LOAD_S = 5.0  #: of a process
MOST_PROCESSES = 4
EARLY_S, WITHIN_S = 1.0, 15.0
ADDED = re.compile(r"worker processes added")
WATCH_S = 0.05


@dataclass(frozen=True, slots=True)
class BurstFigures:
    """What listeners heard of one burst."""

    decided_s: float  #: after the burst; below 0: nothing was decided
    before_p95_s: float  #: first sounds before the burst
    between_p95_s: float  #: of texts that were asked for from the burst to WITHIN_S after the decision
    after_p95_s: float  #: of those behind that
    after: int  #: how many they are
    silent: int  #: texts with a silence of more than 100 ms

    @property
    def is_met(self) -> bool:
        """Whether first sounds were early again, and no listener fell silent."""
        return self.decided_s >= 0 and self.after > 0 and self.after_p95_s < EARLY_S and not self.silent

    def row(self) -> str:
        """A row of the table."""
        return (
            f"| {self.decided_s:.1f} s | {self.before_p95_s:.2f} s | {self.between_p95_s:.2f} s | "
            f"{self.after_p95_s:.2f} s of {self.after} | {self.silent} |"
        )


def burst() -> LoadRun:
    """A few listeners from the start, and the others from one moment on."""
    few = [Ask(at_s, f"few{i}", ANSWERS_S, i, again=True) for i, at_s in enumerate(spread(FEW, 5.0))]
    others = [Ask(BURST_S, f"other{i}", ANSWERS_S, 100 + i, again=True) for i in range(MANY - FEW)]
    return LoadRun("burst", (*few, *others), SPAN_S, 0.0, f"{FEW} listeners, then {MANY}")


def measure(place: LoadSystem) -> BurstFigures:
    """One burst."""
    decisions: list[float] = []
    over = threading.Event()
    watching = threading.Thread(target=_watch, args=(place, time.monotonic(), decisions, over))
    watching.start()
    try:
        results = place.run(burst()).results
    finally:
        over.set()
        watching.join()
    return figures_of(results, min((at_s for at_s in decisions if at_s >= BURST_S), default=-1.0))


def figures_of(results: Sequence[RequestResult], decided_s: float) -> BurstFigures:
    """The figures of all texts; `decided_s` is on the clients' clock, below 0 if nothing was decided."""
    first_s = dict[str, float]()  #: of each listener who was refused and is not served yet: when it asked
    waits: list[tuple[float, float]] = []
    for each in sorted(results, key=lambda result: result.asked_s):
        asked_s = first_s.setdefault(each.user, each.asked_s)
        if each.chunks:
            waits.append((asked_s, each.chunks[0][0] - asked_s))
            del first_s[each.user]
    early_s = decided_s + WITHIN_S
    players = [
        played(each.chunks, each.over_s, ended_s=each.ended_s, pace=each.pace) for each in results if each.chunks
    ]
    parts = [[wait for at_s, wait in waits if from_s <= at_s < to_s] for from_s, to_s in (
        (0.0, BURST_S), (BURST_S, early_s), (early_s, SPAN_S),
    )]  # fmt: skip
    before, between, after = (quantile(part, 0.95) if part else 0.0 for part in parts)
    silent = sum(any(to_s - from_s > UNDERRUN_S for from_s, to_s in player.stalls) for player in players)
    return BurstFigures(decided_s - BURST_S if decided_s >= 0 else -1.0, before, between, after, len(parts[2]), silent)


def _watch(place: LoadSystem, began_s: float, decisions: list[float], over: threading.Event) -> None:
    """Note when processes are added, some tenths of a second late, as the clients start in that time."""
    while not over.wait(WATCH_S):
        if len(ADDED.findall(place.system.read_log("worker"))) > len(decisions):
            decisions.append(time.monotonic() - began_s)


def main(argv: Sequence[str]) -> int:
    """Run, print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.load.burst")
    parser.add_argument("--runs", type=int, default=1)
    options = parser.parse_args(argv)
    print(
        "| decided, behind the burst | first sound p95 before it | to 15 s behind the decision | after that | silent |"
    )
    print("|---|---|---|---|---|")
    found = []
    for _ in range(options.runs):
        with started_system(most=MOST_PROCESSES, load_s=LOAD_S) as place:
            found.append(measure(place))
        print(found[-1].row(), flush=True)
    return int(not all(each.is_met for each in found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
