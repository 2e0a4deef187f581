"""`make bench-scale`: how many listeners, workers and pools one Redis carries, and what each next step gives.

    python -m bench.scale [--quick] [--listeners 100000] [--workers 1000] [--json FILE]

First it measures here: the time of each script in the server, in a small pool and in one of 1,000 workers whose every
slot speaks; then commands, bytes, memory and processor time of listeners at 1 x. From these a model says what one
server, a cluster, several pools and a pool over several slots carry, and which resource is used up first; and a
simulation in virtual time lets fleets of up to 100,000 listeners hear it.

Times of a busy host are too long, and what the model makes of them too few listeners: the load is printed beside them.
Some 3 minutes, with --quick half of that.
"""

import argparse
import json
import math
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from bench.scale import script_times, traffic
from bench.scale.capacity_model import (
    LAYOUTS,
    ONE,
    ServedLoad,
    ServerCosts,
    ServerLayout,
    least_parts,
    server_costs,
    walls,
)
from bench.scale.fleet_simulation import Fleet, simulate
from bench.scale.scale_table import fleet_rows, model_lines, model_rows, script_rows, traffic_rows
from bench.scale.script_times import LARGE, QUICK_LARGE, SMALL, ScriptTime
from bench.table import machine

ROUNDS, QUICK_ROUNDS = 400, 120  #: sentences whose steps are measured, in each pool
LISTENING, QUICK_LISTENING = (100, 30.0), (40, 14.0)  #: listeners, s
OVER = 1.4  #: of what the model allows: a fleet to which it should be seen
SHARDED_LISTENERS = 10_000
JOB_NODES = 8


def main(argv: Sequence[str]) -> int:
    """Measure, model, simulate, print, and write a file."""
    arguments = parse(argv)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n\nmeasured here:\n", flush=True)
    small, large, rounds = (SMALL, QUICK_LARGE, QUICK_ROUNDS) if arguments.quick else (SMALL, LARGE, ROUNDS)
    scripts = {fill: script_times.measure(fill, rounds) for fill in (small, large)}
    print("\n".join([*script_rows(scripts), ""]), flush=True)
    measured = traffic.measure(*(QUICK_LISTENING if arguments.quick else LISTENING))
    print("\n".join([*traffic_rows(measured), ""]), flush=True)
    load = ServedLoad(report_s=measured.report_s)
    costs, of_small_pool = (costs_of(scripts[fill], measured) for fill in (large, small))
    lines = [*model_rows(LAYOUTS, load, costs), "", *model_lines(load, costs, of_small_pool)]
    print("\n".join(["modelled:\n", *lines, ""]), flush=True)
    chosen = fleets(load, costs, arguments.listeners, arguments.workers)
    found = [(fleet, simulate(fleet, costs)) for fleet in chosen]
    print("\n".join(["simulated:\n", *fleet_rows(found, costs)]))
    results = {
        "machine": machine(), "costs": asdict(costs), "traffic": asdict(measured),
        "scripts": {str(fill): [asdict(each) for each in times.values()] for fill, times in scripts.items()},
        "simulated": [asdict(fleet) | asdict(figures) for fleet, figures in found],
    }  # fmt: skip
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(results, indent=1) + "\n")
    return 0


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.scale", description="See the head of bench/scale/__main__.py."
    )
    parser.add_argument("--quick", action="store_true", help="a smaller pool, fewer sentences and listeners")
    parser.add_argument("--listeners", type=int, default=100_000, help="of the largest simulated fleet")
    parser.add_argument("--workers", type=int, default=1_000, help="that it has")
    parser.add_argument("--json", type=Path, default=Path("bench/out/scale.json"), metavar="FILE")
    return parser.parse_args(argv)


def costs_of(times: Mapping[str, ScriptTime], measured: traffic.Traffic) -> ServerCosts:
    """The model's costs: of scripts in a filled pool, of commands outside of them, of memory and network."""
    load = ServedLoad()
    costs = server_costs(
        {name: each.mean_ms for name, each in times.items()}, command_ms=measured.command_ms,
        looks=measured.looks,
    )  # fmt: skip
    windows_bytes = measured.listeners * load.window_s * load.bytes_per_s
    network = max(measured.per_audio_s(measured.in_bytes), measured.per_audio_s(measured.out_bytes)) / load.bytes_per_s
    return replace(
        costs, memory_per_byte=max(1.0, measured.memory_bytes / windows_bytes), network_per_byte=max(1.0, network)
    )  # fmt: skip


def fleets(load: ServedLoad, costs: ServerCosts, listeners: int, workers: int) -> list[Fleet]:
    """The fleets that are simulated: one server at its wall and beyond, 10,000 listeners in three ways, and all."""
    wall = walls(ONE, load, costs)[0].listeners
    parts = least_parts(SHARDED_LISTENERS, load, costs)
    layouts = [
        ServerLayout(f"cluster of {1 + JOB_NODES}", job_nodes=JOB_NODES),
        ServerLayout(f"a pool over {parts} slots, cluster of {parts + JOB_NODES}", parts, JOB_NODES, steals=True),
        _pools(SHARDED_LISTENERS, wall),
    ]
    return [
        Fleet(ONE, wall, load.workers(wall), load),
        Fleet(ONE, round(OVER * wall), load.workers(OVER * wall), load),
        *(Fleet(layout, SHARDED_LISTENERS, load.workers(SHARDED_LISTENERS), load) for layout in layouts),
        Fleet(_pools(listeners, wall), listeners, workers, load),
    ]


def _pools(listeners: int, wall: int) -> ServerLayout:
    n = math.ceil(listeners / wall)
    return ServerLayout(f"{n} pools, a server each", n)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
