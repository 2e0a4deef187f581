"""The tables of scale: what was measured here, and what the model and the simulation make of it."""

import math
from collections.abc import Mapping, Sequence

from bench.scale.capacity_model import (
    CORE_SHARE,
    NODE,
    ServedLoad,
    ServerCosts,
    ServerLayout,
    core_shares,
    idle_pools,
    idle_workers,
    job_ms,
    least_parts,
    mean_wait_ms,
    memory_bytes,
    network_bytes_s,
    pool_ms,
    walls,
)
from bench.scale.fleet_simulation import Fleet, FleetFigures
from bench.scale.script_times import PoolFill, ScriptTime
from bench.scale.traffic import Traffic

MOST_CALLS = 14  #: that are listed
STEPS_AT = (1_000, 10_000, 100_000)  #: listeners for which the parts of a pool are counted


def script_rows(found: Mapping[PoolFill, Mapping[str, ScriptTime]]) -> list[str]:
    """The rows of the scripts' times, a column for each filled pool."""
    names = sorted(set().union(*(times.keys() for times in found.values())))
    rows = [f"| ms in the server: p50, mean, p99 | {' | '.join(map(str, found))} |", "|---" * (1 + len(found)) + "|"]
    return rows + [f"| {name} | {' | '.join(_times(times.get(name)) for times in found.values())} |" for name in names]


def _times(found: ScriptTime | None) -> str:
    return f"{found.p50_ms:.3f}, {found.mean_ms:.3f}, {found.p99_ms:.3f}" if found else "–"


def traffic_rows(found: Traffic) -> list[str]:
    """The rows of what listeners at 1 x took."""
    cores = ", ".join(f"{name} {cores:.2f}" for name, cores in found.cores.items())
    memory_mb = found.memory_bytes / found.listeners / 1e6
    most = sorted(found.calls.items(), key=lambda each: -each[1])[:MOST_CALLS]
    calls = ", ".join(f"{name} {n:.2f}" for name, n in most)
    return [
        f"| {found.listeners} listeners at 1 ×, {found.audio_s:.0f} s of sound, {found.sentences} sentences | |",
        "|---|---|",
        f"| commands a sentence; of them scripts | {found.per_sentence(found.commands):.1f}; "
        f"{found.per_sentence(found.script_calls):.1f} |",
        f"| the most frequent, a second of sound | {calls} |",
        f"| ms of Redis' core a second of sound; a sentence | {found.per_audio_s(found.server_ms):.2f}; "
        f"{found.per_sentence(found.server_ms):.2f} |",
        f"| ms of a command outside of its execution | {found.command_ms:.3f} |",
        f"| bytes a second of sound: received, sent | {found.per_audio_s(found.in_bytes):,.0f}, "
        f"{found.per_audio_s(found.out_bytes):,.0f} |",
        f"| memory a listener, at most | {memory_mb:.2f} MB |",
        f"| texts with silence | {found.stalled} |",
        f"| cores | {cores} |",
    ]


def model_rows(layouts: Sequence[ServerLayout], load: ServedLoad, costs: ServerCosts) -> list[str]:
    """The rows of what each layout of servers carries."""
    rows = [
        "| servers | listeners | sentences/s | workers | first wall | then | memory | network |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for layout in layouts:
        first, second, *_ = walls(layout, load, costs)
        n = first.listeners
        gb, mb_s = n * memory_bytes(load, costs) / 1e9, n * network_bytes_s(load, costs) / 1e6
        rows.append(
            f"| {layout.name} | {n:,} | {n / load.sentence_s:,.0f} | {load.workers(n):,} | {first.resource} | "
            f"{second.resource} at {second.listeners:,} | {gb:.1f} GB | {mb_s:,.0f} MB/s |"
        )
    return rows


def model_lines(load: ServedLoad, costs: ServerCosts, of_small_pool: ServerCosts) -> list[str]:
    """What else the model says, in sentences; sweeps of idle pools have the costs of a small one."""
    parts = ", ".join(f"{n:,} listeners {least_parts(n, load, costs)}" for n in STEPS_AT)
    step_ms = costs.pool_sentence
    return [
        f"a listener reports every {load.report_s:.1f} s of sound; it takes {pool_ms(load, costs):.3f} ms a second of "
        f"the pool's slot and {job_ms(load, costs):.3f} ms of the jobs' slots",
        f"a core is taken to be full at {CORE_SHARE:.0%}",
        f"where a step between two sentences waits {mean_wait_ms(step_ms, CORE_SHARE):.2f} ms on average "
        f"(at 90 % {mean_wait_ms(step_ms, 0.9):.2f} ms); a node has {NODE.memory_gb:.0f} GB and sends "
        f"{NODE.network_mb_s:,.0f} MB/s",
        f"slots over which one pool must be divided: {parts}",
        f"without listeners a core carries {idle_workers(load, costs):,} worker processes of one pool, or "
        f"{idle_pools(load, of_small_pool):,} pools of one",
    ]


def fleet_rows(found: Sequence[tuple[Fleet, FleetFigures]], costs: ServerCosts) -> list[str]:
    """The rows of the simulated fleets."""
    rows = [
        "| simulated | listeners | workers | core, by the model | simulated | step waits p99 | first sound p50 / p95 "
        "| listeners with silence |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for fleet, figures in found:
        share = max(core_shares(fleet.layout, fleet.listeners, fleet.load, costs))
        waits = f"{_n(figures.wait_p99_ms, 1)} ms"
        firsts = f"{_n(figures.first_p50_s, 2)} / {_n(figures.first_p95_s, 2)} s"
        silent = f"{figures.silent:,}" if figures.sentences else "nothing is heard"
        rows.append(
            f"| {fleet.layout.name} | {fleet.listeners:,} | {fleet.workers:,} | {share:.0%} | {figures.busiest:.0%} | "
            f"{waits} | {firsts} | {silent} |"
        )
    return rows


def _n(value: float, digits: int) -> str:
    return "–" if math.isnan(value) else f"{value:,.{digits}f}"
