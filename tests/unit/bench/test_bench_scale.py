"""The bench of scale: the model by numbers worked out by hand, and the simulation beside the model."""

import math
from dataclasses import replace

import pytest

from bench.scale.__main__ import JOB_NODES, costs_of, fleets
from bench.scale.capacity_model import (
    CORE_SHARE,
    LAYOUTS,
    ONE,
    CapacityWall,
    NodeLimits,
    ServedLoad,
    ServerCosts,
    ServerLayout,
    core_shares,
    idle_pools,
    idle_workers,
    job_ms,
    least_parts,
    mean_wait_ms,
    pool_ms,
    server_costs,
    sweep_share,
    walls,
)
from bench.scale.fleet_simulation import Fleet, simulate
from bench.scale.scale_table import fleet_rows, model_lines, model_rows, script_rows, traffic_rows
from bench.scale.script_times import LARGE, SMALL, script_time
from bench.scale.traffic import LEAST_COMMAND_MS, Traffic

LOAD = ServedLoad()
COSTS = ServerCosts(
    pool_sentence=0.4, pool_report=0.1, pool_text=0.6, beat=0.3, idle_sweep=0.04, pool_sweep=1.0,
    job_sentence=0.1, job_chunk=0.16, job_report=0.04, job_text=0.3,
)  # fmt: skip
MEANS_MS = {
    "finish_and_claim": 0.3, "finish": 0.2, "pick": 0.15, "claim": 0.1, "ack": 0.05, "submit_and_pick": 0.4,
    "strike": 0.02, "beat": 0.1, "sweep": 0.8, "sweep, not due": 0.02, "open": 0.06, "append": 0.1, "XREAD": 0.03,
    "heard": 0.04, "init": 0.08, "life": 0.05, "emit": 0.07,
}  # fmt: skip
TRAFFIC = Traffic(
    listeners=10, audio_s=200.0, sentences=40, commands=400, script_calls=300, server_ms=100.0, inside_ms=80.0,
    calls={"ack": 1.0, "emit": 0.5, "XREAD": 0.4, "XREADGROUP": 0.1},
    in_bytes=10_000_000, out_bytes=12_000_000, memory_bytes=9_600_000, cores={"redis": 0.1}, stalled=0,
)  # fmt: skip
CLUSTER = ServerLayout("cluster of 5", job_nodes=4)


def test_a_listener_takes_what_its_sentences_reports_texts_and_share_of_workers_take() -> None:
    """0.4 / 5 + 0.1 / 1 + 0.6 / 30 + (0.3 / 0.75 + 0.04 / 0.4) / 100 listeners; 0.1 / 5 + 0.2 / 1 + 0.3 / 30."""
    assert LOAD.worker_listeners == pytest.approx(100)
    assert pool_ms(LOAD, COSTS) == pytest.approx(0.205)
    assert job_ms(LOAD, COSTS) == pytest.approx(0.23)
    assert sweep_share(LOAD, COSTS) == pytest.approx(0.0025)
    assert [LOAD.workers(n) for n in (1, 100, 101)] == [1, 1, 2]


def test_fewer_reports_take_less_of_both_slots() -> None:
    """Of 0.1 and 0.04 ms a second a quarter."""
    load = replace(LOAD, report_s=4.0)
    assert pool_ms(LOAD, COSTS) - pool_ms(load, COSTS) == pytest.approx(0.075)
    assert job_ms(LOAD, COSTS) - job_ms(load, COSTS) == pytest.approx(0.03)


def test_one_server_ends_at_its_core() -> None:
    """(0.7 - 0.0025) / (0.205 + 0.23) ms."""
    first, second, third = walls(ONE, LOAD, COSTS)
    assert first == CapacityWall(1603, "core")
    assert second == CapacityWall(int(16e9 / (20 * 48_000 * 1.1)), "memory of sound")
    assert third.resource == "network"


def test_a_cluster_ends_at_the_slot_of_its_pool() -> None:
    assert walls(CLUSTER, LOAD, COSTS)[0] == CapacityWall(3402, "core of the pool's slot")
    assert {wall.resource: wall.listeners for wall in walls(CLUSTER, LOAD, COSTS)}["core of the jobs' slots"] == 12173


def test_memory_is_the_wall_of_a_small_server() -> None:
    assert walls(ONE, LOAD, COSTS, NodeLimits(memory_gb=1.0))[0].resource == "memory of sound"


def test_two_pools_carry_twice_as_many() -> None:
    two = walls(ServerLayout("2 pools", pools=2), LOAD, COSTS)[0].listeners
    assert two == pytest.approx(2 * walls(ONE, LOAD, COSTS)[0].listeners, abs=1)


def test_jobs_are_on_sixteen_slots_and_no_more_nodes_help() -> None:
    assert [ServerLayout("", job_nodes=n).most_jobs for n in (1, 5, 16, 40)] == [1, 4 / 16, 1 / 16, 1 / 16]


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_at_a_wall_of_cores_the_core_is_full_and_one_listener_more_is_too_many(layout: ServerLayout) -> None:
    for wall in walls(layout, LOAD, COSTS):
        if "core" not in wall.resource:
            continue
        which = 1 if "jobs" in wall.resource else 0
        assert core_shares(layout, wall.listeners, LOAD, COSTS)[which] <= CORE_SHARE + 1e-9
        assert core_shares(layout, wall.listeners + 1, LOAD, COSTS)[which] > CORE_SHARE - 1e-9


def test_each_job_has_a_node_of_those_that_there_are() -> None:
    for layout in LAYOUTS:
        nodes = {layout.node_of_job(part, shard) for part in range(layout.pools) for shard in range(16)}
        assert nodes <= set(range(layout.nodes))
        assert {layout.node_of_pool(part) for part in range(layout.pools)} == set(range(layout.pools))


def test_ten_thousand_listeners_take_three_slots_of_a_pool() -> None:
    """10,000 x 0.205 ms are 2.05 cores, and a slot has 0.6975 of one."""
    assert [least_parts(n, LOAD, COSTS) for n in (1_000, 10_000)] == [1, 3]


def test_workers_and_pools_without_work() -> None:
    """(0.7 - 0.0025) / (0.3 / 0.75 + 0.04 / 4) ms."""
    assert idle_workers(LOAD, COSTS) == pytest.approx(1701, abs=1)
    assert idle_pools(LOAD, COSTS) == 241


def test_waiting_by_pollaczek_and_khinchine() -> None:
    assert [round(mean_wait_ms(1.0, share), 2) for share in (0.0, 0.5, 0.7, 0.9)] == [0, 0.5, 1.17, 4.5]
    assert mean_wait_ms(1.0, 1.0) == math.inf


def test_costs_are_those_of_the_steps_and_each_has_its_way_through_the_socket() -> None:
    hot, by_message = server_costs(MEANS_MS, command_ms=0.01), server_costs(MEANS_MS, hot=False)
    assert hot.pool_sentence == pytest.approx(0.31)
    assert by_message.pool_sentence == pytest.approx(0.45)
    assert [hot.pool_text, hot.job_text] == pytest.approx([0.44, 0.15])
    assert hot.job_chunk == pytest.approx(0.1 + 0.03 + 2 * 0.01)
    assert hot.job_report == pytest.approx(0.04 + 0.01)
    assert [hot.beat, hot.pool_sweep, hot.idle_sweep] == pytest.approx([0.11, 0.97, 0.03])


def test_costs_of_memory_network_and_commands_are_those_of_the_traffic() -> None:
    found = costs_of({name: script_time(name, [ms]) for name, ms in MEANS_MS.items()}, TRAFFIC)
    assert found.network_per_byte == pytest.approx(60_000 / 48_000)
    assert found.memory_per_byte == 1.0, "at least the sound itself, though no window was full"
    assert TRAFFIC.command_ms == pytest.approx(0.05)
    assert found.pool_report == pytest.approx(0.1)
    assert TRAFFIC.report_s == pytest.approx(1.0)
    assert found.job_looks == pytest.approx(0.5 * (0.07 + 0.05) + 0.1 * 0.05)
    assert replace(TRAFFIC, server_ms=70.0).command_ms == LEAST_COMMAND_MS


def test_the_slowest_call_of_a_hundred_is_left_out_of_the_mean() -> None:
    found = script_time("ack", [0.1] * 99 + [50.0])
    assert (found.calls, found.p50_ms, found.p99_ms) == (100, 0.1, 0.1)
    assert found.mean_ms == pytest.approx(0.1)


def test_few_listeners_hear_at_once_and_without_silence() -> None:
    found = simulate(Fleet(ONE, listeners=20, workers=1), COSTS)
    assert (found.stalls, found.silent, found.unheard) == (0, 0, 0)
    assert found.first_p95_s < 0.05
    assert found.busiest < 0.05


def test_too_few_slots_let_listeners_fall_silent() -> None:
    """Sixteen slots speak 133 s of sound in a second."""
    found = simulate(Fleet(ONE, listeners=250, workers=1, span_s=30.0), COSTS)
    assert found.silent > 0
    assert found.busiest < CORE_SHARE


def test_the_simulation_is_as_busy_as_the_model_says() -> None:
    """With a short window, so that few sentences are spoken ahead."""
    load = replace(LOAD, window_s=5.0)
    for layout in (ONE, CLUSTER, ServerLayout("2 slots", pools=2, job_nodes=2, steals=True)):
        fleet = Fleet(layout, listeners=300, workers=4, load=load, span_s=90.0)
        model = max(core_shares(layout, 300, load, COSTS))
        assert simulate(fleet, COSTS).busiest == pytest.approx(model, rel=0.15)


def test_beyond_the_wall_steps_wait_longer_and_longer() -> None:
    slow = ServerCosts(*(5 * getattr(COSTS, name) for name in ServerCosts.__slots__))
    wall = walls(ONE, LOAD, slow)[0].listeners
    half, beyond = (simulate(Fleet(ONE, n, LOAD.workers(n)), slow) for n in (wall // 2, 2 * wall))
    assert half.wait_p99_ms < 50 < 1_000 < beyond.wait_p99_ms
    assert half.silent == 0


def test_a_core_full_of_reports_carries_nothing_else() -> None:
    found = simulate(Fleet(ONE, listeners=10_000, workers=100), COSTS)
    assert (found.sentences, found.unheard, found.busiest) == (0, 10_000, 1.0)
    assert "nothing is heard" in fleet_rows([(Fleet(ONE, 10_000, 100), found)], COSTS)[-1]


def test_a_slot_without_work_takes_some_of_another_part() -> None:
    """Two slots, each nearly busy with a listener of its own, and a third listener in the first part."""
    load = replace(LOAD, slots=1, rtf=0.6)
    apart, stealing = (
        simulate(Fleet(ServerLayout("", pools=2, job_nodes=1, steals=steals), 3, 2, load, span_s=60.0), COSTS)
        for steals in (False, True)
    )  # fmt: skip
    assert stealing.stalls < apart.stalls


def test_an_idle_slot_of_another_part_is_called() -> None:
    """One listener, whose own part has one slot that is slower than speech, and a slot that has nothing else to do."""
    load = replace(LOAD, slots=1, rtf=1.5)
    apart, stealing = (
        simulate(Fleet(ServerLayout("", pools=2, job_nodes=1, steals=steals), 1, 2, load, span_s=60.0), COSTS)
        for steals in (False, True)
    )  # fmt: skip
    assert stealing.stalls < apart.stalls


def test_a_fleet_does_the_same_for_the_same_seed() -> None:
    fleet = Fleet(CLUSTER, listeners=200, workers=3)
    assert simulate(fleet, COSTS) == simulate(fleet, COSTS)
    assert simulate(fleet, COSTS) != simulate(replace(fleet, seed=2), COSTS)


def test_the_fleets_are_one_server_at_its_wall_ten_thousand_in_three_ways_and_all() -> None:
    found = fleets(LOAD, COSTS, listeners=100_000, workers=1_000)
    assert [fleet.listeners for fleet in found] == [1603, 2244, 10_000, 10_000, 10_000, 100_000]
    assert (found[-1].workers, found[-1].layout.pools) == (1_000, math.ceil(100_000 / 1603))
    assert (found[3].layout.pools, found[3].layout.job_nodes, found[3].layout.steals) == (3, JOB_NODES, True)


def test_the_tables_have_a_row_for_each() -> None:
    times = {name: script_time(name, [ms]) for name, ms in MEANS_MS.items()}
    fills = {SMALL: times, LARGE: {"ack": times["ack"]}}
    rows = script_rows(fills)
    assert rows[0] == (
        "| ms in the server: p50, mean, p99 | 4 workers, 64 slots, 300 jobs | 1,000 workers, 2,000 slots, 4,000 jobs |"
    )
    assert len(rows) == 2 + len(MEANS_MS)
    assert "| open | 0.060, 0.060, 0.060 | – |" in rows
    assert "| commands a sentence; of them scripts | 10.0; 7.5 |" in traffic_rows(TRAFFIC)
    modelled = model_rows(LAYOUTS, LOAD, COSTS)
    assert len(modelled) == 2 + len(LAYOUTS)
    assert modelled[2].startswith("| one server | 1,603 | 321 | 17 | core | memory of sound at 15,151 |")
    assert "slots over which one pool must be divided: 1,000 listeners 1, 10,000 listeners 3" in "; ".join(
        model_lines(LOAD, COSTS, COSTS)
    )
    fleet = Fleet(ONE, 20, 1)
    assert len(fleet_rows([(fleet, simulate(fleet, COSTS))], COSTS)) == 3
