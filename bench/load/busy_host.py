"""Accepted listeners on a busy host: are they served where other programs take the processor?

    python -m bench.load.busy_host [--busy N] [--seconds S]

The same system and the same arrivals twice: at rest, and with N processes that do nothing but take the processor.
Listeners come at random, 125 % of what the slots can speak, and start at the same times in both runs. On a busy host
sentences take longer, and admission is to accept fewer: no accepted listener is silent for more than 100 ms.

Returns 1 if one is. About two minutes.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from bench.load import scenarios
from bench.load.figures import UNDERRUN_S, quantile
from bench.load.load_system import LoadSystem, Outcome, started_system
from bench.load.player import played
from tests.prove import busy_cores


@dataclass(frozen=True, slots=True)
class HostFigures:
    """Accepted listeners of one run."""

    accepted: int
    refused: int
    silent: int  #: for more than 100 ms at once
    longest_ms: float
    rtf: float  #: as the pool measured it
    clients_late_ms: float  #: p99 of the clients' own rounds: what they cannot tell apart from silence

    @classmethod
    def of(cls, outcome: Outcome) -> "HostFigures":
        """Make them of a run."""
        with_sound = [each for each in outcome.results if each.chunks]
        stalls = [played(each.chunks, each.over_s, ended_s=each.ended_s, pace=each.pace).stalls for each in with_sound]
        longest = [max((to_s - from_s for from_s, to_s in found), default=0.0) for found in stalls]
        accepted = sum(bool(each.job) for each in outcome.results)
        return cls(
            accepted, len(outcome.results) - accepted, sum(each > UNDERRUN_S for each in longest),
            1000 * max(longest, default=0.0), outcome.measured["rtf"], quantile(outcome.rounds_ms, 0.99),
        )  # fmt: skip

    def row(self, name: str) -> str:
        """A row of the table."""
        return (
            f"| {name} | {self.accepted} | {self.refused} | {self.silent} | {self.longest_ms:.0f} ms | {self.rtf:.2f} "
            f"| {self.clients_late_ms:.0f} ms |"
        )


def measure(place: LoadSystem, seconds: float, busy: int) -> HostFigures:
    """One run beside `busy` processes that take the processor."""
    with busy_cores(busy):
        return HostFigures.of(place.run(scenarios.offered(seconds)))


def main(argv: Sequence[str]) -> int:
    """Run both, print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.load.busy_host")
    parser.add_argument("--busy", type=int, default=2 * (os.cpu_count() or 1), metavar="N")
    parser.add_argument("--seconds", type=float, default=30.0, metavar="S")
    options = parser.parse_args(argv)
    print("| host | accepted | refused | silent over 100 ms | longest silence | RTF | clients late, p99 |")
    print("|---|---|---|---|---|---|---|")
    found = []
    with started_system() as place:
        for busy in (0, options.busy):
            found.append(measure(place, options.seconds, busy))
            print(found[-1].row(f"{busy} busy processes"), flush=True)
    return int(any(each.silent for each in found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
