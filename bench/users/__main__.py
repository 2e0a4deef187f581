"""`make bench-users`: users who listen over HTTP to a whole system; their jitter, stalls and first sounds in one table.

    python -m bench.users [--users 100] [--minutes 1] [--delay-ms 0] [--busy [N]] [--python FILE] [--json FILE]

A server, a reassembler, a gateway and workers start with their usual settings; the engine is `tone` at RTF 0.1, with as
many slots as keep the users within capacity. Each user has an API key, hears short and long texts at the speed of
speech, thinks in between, asks again if it is refused, and leaves one text of five in mid-sentence. All of it, the
users too, shares this machine's processors: `--busy` adds processes that do nothing but take them, and `--delay-ms`
puts the workers behind a proxy that delays each way to Redis.

locust is in an environment of its own (`make bench-users` makes it).

Returns 1 if a figure that is wanted was missed.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from bench.load.figures import quantile
from bench.table import machine
from bench.users.user_figures import figures_of
from bench.users.user_plan import UsersRun, processes_for, slots_for
from bench.users.user_system import PYTHON, UsersOutcome, users_system
from bench.users.user_table import figure_rows, usage_rows
from tests.prove import busy_cores


def main(argv: Sequence[str]) -> int:
    """Run, print the table, and write a file."""
    arguments = parse(argv)
    run = UsersRun(arguments.users, arguments.minutes, arguments.delay_ms, arguments.seed)
    print(f"{description(run, arguments.busy)}\n", flush=True)
    with busy_cores(arguments.busy), users_system(run) as system:
        outcome = system.run(run, arguments.python)
    found = figures_of(outcome.results)
    print("\n".join([*figure_rows(found), "", *usage_rows(outcome.used, outcome.workers)]))
    print(f"\nthe users' own process was late by up to {quantile(outcome.delays_ms, 0.99):.0f} ms (p99)")
    _write(arguments.json, outcome, {"run": asdict(run), "busy": arguments.busy, "figures": asdict(found)})
    return 0 if found.meets_target else 1


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments of the command line; ends the process where locust is not installed."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.users", description="See the head of bench/users/__main__.py."
    )
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--delay-ms", type=float, default=0.0, help="of each way between workers and Redis")
    parser.add_argument(
        "--busy", type=int, nargs="?", const=os.cpu_count() or 1, default=0, metavar="N",
        help="processes that keep N processors busy meanwhile; without N all of them",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=1, help="of the users' texts and habits")
    parser.add_argument("--python", type=Path, default=PYTHON, help="of the environment that has locust")
    parser.add_argument("--json", type=Path, default=Path("bench/out/users.json"), metavar="FILE")
    arguments = parser.parse_args(argv)
    if not arguments.python.exists():
        parser.error(f"{arguments.python} does not exist; in Seriatim's folder: make bench-users")
    return arguments


def description(run: UsersRun, busy: int) -> str:
    """One line about the run, and the machine that it meets."""
    slots = slots_for(run.users, run.delay_ms)
    more = [f"workers {run.delay_ms:g} ms away"] if run.delay_ms else []
    more += [f"{busy} busy processes beside it"] if busy else []
    parts = [f"{run.users} users for {run.minutes:g} min", f"{slots} slots in {processes_for(slots)} processes", *more]
    return f"{', '.join(parts)}; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


def _write(path: Path, outcome: UsersOutcome, found: dict[str, object]) -> None:
    """All figures, and what each process took."""
    used = {name: asdict(each) for name, each in outcome.used.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"machine": machine(), **found, "used": used}, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
