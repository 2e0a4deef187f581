"""`make bench-autoscaling`: a day of arrivals, scaled from no pod on, beside fixed fleets, in virtual time.

    python -m bench.autoscaling [--peak LISTENERS] [--seed N] [--svg FILE]

It asks what a scaler costs listeners at cold starts of 5 to 120 s, and what it saves; and the same of a supervisor's
range of processes, for a quarter of the listeners. Listeners, their course over the
day and prices are assumed; the numbers of the scaler are those of deploy/kubernetes.
"""

import argparse
import sys
from collections.abc import Sequence

from bench.autoscaling.day import DayArrival, arrivals
from bench.autoscaling.picture import day_picture
from bench.autoscaling.scaler import Scaler, ScalerLimits
from bench.autoscaling.simulation import DayFigures, simulate
from bench.autoscaling.supervisor_range import SupervisorRange
from seriatim.process.process_range import ProcessRange

RANGE_SHARE = 0.25  #: of the peak: a day for the worker processes of one machine
RANGE_COLD_S = (5, 30)
COLD_S = (5, 15, 30, 60, 120)
FLEETS = (4, 8, 12, 20)
PRICES = (0.8, 3.0)  #: US dollars an hour, assumed: a small GPU, a large one
PICTURE_COLD_S = 60


def line(name: str, found: DayFigures) -> str:
    """One row of the table."""
    hours = found.pod_s / 3600
    costs = " | ".join(f"{hours * price:.0f}" for price in PRICES)
    silence = 1000 * found.silence_s / max(1.0, found.listened_s)
    return (
        f"| {name} | {found.late:.1%} | {found.wait_s(0.95):.0f} | {found.wait_s(0.99):.0f} | {found.left} "
        f"| {silence:.2f} | {hours:.0f} | {costs} |"
    )


def rows(day: Sequence[DayArrival]) -> list[str]:
    """The table's rows: scaled from zero, with one pod that stays, by load alone, and fixed fleets."""
    found = [line(f"scaled, cold start {cold} s", simulate(day, Scaler(), cold_s=cold)) for cold in COLD_S]
    stays = Scaler(ScalerLimits(least=1))
    found.append(line("the same with one pod that stays, 60 s", simulate(day, stays, cold_s=60)))
    by_load = Scaler(counts_refused=False)
    found.append(line("scaled without counting refused listeners, 60 s", simulate(day, by_load, cold_s=60)))
    return found + [line(f"{pods} pods, fixed", simulate(day, None, fixed=pods)) for pods in FLEETS]


def range_rows(day: Sequence[DayArrival]) -> list[str]:
    """The rows of one machine: a supervisor's range of processes, and as many processes as it has at most."""
    limits = ProcessRange(1, 4)
    found = [(f"{limits}, load time {s} s", simulate(day, SupervisorRange(limits), cold_s=s)) for s in RANGE_COLD_S]
    fixed = (f"{limits.most}, fixed", simulate(day, None, fixed=limits.most))
    return [line(f"processes: {name}", figures) for name, figures in [*found, fixed]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; write the picture if asked to."""
    parser = argparse.ArgumentParser(prog="python -m bench.autoscaling")
    parser.add_argument("--peak", type=float, default=120, help="listeners at once in the busiest hour (%(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--svg", default="", help="file for a picture of the day")
    options = parser.parse_args(arguments)
    day = arrivals(options.peak, options.seed)
    print(f"{len(day)} listeners\n")
    print("| fleet | waited or left | wait p95, s | p99, s | left | silence, ‰ | pod hours | $ at 0.8 | $ at 3.0 |")
    print("|---|---|---|---|---|---|---|---|---|")
    print("\n".join(rows(day)))
    print("\n".join(range_rows(arrivals(options.peak * RANGE_SHARE, options.seed))))
    if options.svg:
        day_picture(simulate(day, Scaler(), cold_s=PICTURE_COLD_S), PICTURE_COLD_S).save(options.svg)
    return 0


if __name__ == "__main__":
    sys.exit(main())
