"""Autoscaling in simulation: the numbers of the manifests, and days that can be checked by hand."""

from xml.etree import ElementTree

import pytest

from bench.autoscaling.__main__ import main
from bench.autoscaling.day import BURST_S, LISTENS_S, DayArrival, arrivals
from bench.autoscaling.picture import day_picture
from bench.autoscaling.scaler import POLL_S, Scaler, ScalerLimits
from bench.autoscaling.simulation import PATIENCE_S, PER_POD, simulate
from bench.autoscaling.supervisor_range import SupervisorRange
from seriatim.process.process_range import ProcessRange
from tests.deploy.kubernetes_manifests import built, objects


def test_the_scaler_has_the_numbers_of_the_manifest() -> None:
    spec, limits = objects("ScaledObject")["worker-xtts"]["spec"], ScalerLimits()
    (load,) = [row for row in spec["triggers"] if row["name"] == "load"]
    behavior = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    assert float(load["metadata"]["threshold"]) == limits.load
    assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (limits.least, limits.most)
    assert (spec["cooldownPeriod"], spec["pollingInterval"]) == (limits.cooldown_s, POLL_S)
    assert behavior["scaleUp"]["policies"] == [
        {"type": "Percent", "value": limits.up_percent, "periodSeconds": limits.up_period_s},
        {"type": "Pods", "value": limits.up_pods, "periodSeconds": limits.up_period_s},
    ]
    assert behavior["scaleDown"] == {
        "stabilizationWindowSeconds": limits.down_window_s,
        "policies": [{"type": "Percent", "value": limits.down_percent, "periodSeconds": limits.down_period_s}],
    }


def test_patience_is_the_cold_start_of_the_overlay() -> None:
    (settings,) = [row["data"] for row in built("scale-to-zero") if row["kind"] == "ConfigMap"]
    assert float(settings["SERIATIM_COLD_START_S"]) == PATIENCE_S


def test_the_first_listener_waits_for_the_first_pod_which_goes_when_all_have_left() -> None:
    found = simulate([DayArrival(3600.0, 60.0)], Scaler(), cold_s=45)
    assert found.waits_s == [45.0]
    assert (found.left, found.silence_s) == (0, 0.0)
    assert 600 + 60 + 45 - POLL_S <= found.pod_s <= 600 + 60 + 45 + 3 * POLL_S, "its cold start, its use, the cooldown"
    assert found.course[-1][3] == 0


def test_a_pod_that_comes_too_late_finds_the_listener_gone() -> None:
    found = simulate([DayArrival(0.0, 60.0)], Scaler(), cold_s=PATIENCE_S + 60)
    assert (found.left, found.waits_s) == (1, [])


def test_growth_is_at_most_twofold_in_half_a_minute_and_reaches_what_is_needed() -> None:
    group = [DayArrival(0.0, 7200.0)] * 100
    found = simulate(group, Scaler(), cold_s=5)
    ready = {int(at_s): pods for at_s, _, _, pods in found.course}
    for at_s in range(30, 600, 5):
        assert ready[at_s] <= max(2 * ready[at_s - 30], ready[at_s - 30] + 2) + 1
    assert max(ready.values()) * PER_POD * 0.7 >= 100
    assert found.silence_s == 0


def test_a_fleet_that_is_large_enough_lets_none_wait_and_one_that_is_not_lets_some_go() -> None:
    day = arrivals(40, seed=1)
    assert simulate(day, None, fixed=12).late == 0
    assert simulate(day, None, fixed=1).left > 0


def test_a_scaled_day_costs_less_than_the_fleet_that_lets_as_many_wait() -> None:
    day = arrivals(120, seed=1)
    scaled, fixed = simulate(day, Scaler(), cold_s=60), simulate(day, None, fixed=12)
    assert scaled.late < fixed.late
    assert scaled.pod_s < 0.6 * fixed.pod_s


def test_refused_listeners_who_count_shorten_the_wait_in_a_burst() -> None:
    day = [each for each in arrivals(120, seed=1) if BURST_S[0] - 3600 < each.at_s < BURST_S[1]]
    counted = simulate(day, Scaler(), cold_s=60)
    not_counted = simulate(day, Scaler(counts_refused=False), cold_s=60)
    assert counted.late < not_counted.late


@pytest.mark.parametrize("seed", [1, 2])
def test_a_day_on_one_to_four_processes_costs_six_tenths_of_four_and_silences_none(seed: int) -> None:
    """Of those who come in the burst a few wait for processes that load."""
    day = arrivals(30, seed)
    ranged = simulate(day, SupervisorRange(ProcessRange(1, 4)), cold_s=5)
    fixed = simulate(day, None, fixed=4)
    assert ranged.pod_s <= 0.6 * fixed.pod_s
    assert ranged.silence_s == fixed.silence_s == 0
    assert ranged.late <= fixed.late + 0.002


def test_a_burst_of_four_times_the_load_is_met_within_fifteen_seconds_of_the_decision() -> None:
    """With a load time of 5 s."""
    burst = [DayArrival(0.0, 7200.0)] * 12 + [DayArrival(3600.0, 7200.0)] * 36
    course = simulate(burst, SupervisorRange(ProcessRange(1, 4)), cold_s=5).course
    refused = min(at_s for at_s, _, waiting, _ in course if at_s >= 3600 and waiting)
    met = min(at_s for at_s, listeners, waiting, _ in course if listeners == len(burst) and not waiting)
    assert met - refused <= 3 * POLL_S + 15, "three looks, and the time from the decision on"


def test_a_day_is_the_same_for_the_same_seed() -> None:
    assert arrivals(50, seed=3) == arrivals(50, seed=3) != arrivals(50, seed=4)
    assert sum(each.listens_s for each in arrivals(50, seed=3)) / len(arrivals(50, seed=3)) == pytest.approx(
        LISTENS_S, rel=0.05
    )


def test_the_bench_prints_its_table_and_draws_the_day(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--peak", "20"]) == 0
    printed = capsys.readouterr().out
    assert (printed.count("pods, fixed |"), printed.count("| processes: ")) == (4, 3)
    root = ElementTree.fromstring(day_picture(simulate(arrivals(20, 1), Scaler(), cold_s=60), 60).svg())
    assert sum(each.tag.endswith("polyline") for each in root) > 5
