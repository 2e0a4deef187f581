"""Advice of `tune`: a setting for each use, and one figure out of the measurements of several processes."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.tune.advice import SAME_THROUGHPUT, conclusion, for_batch, for_live
from workers.tune.figures import ProcessMeasurement, SettingMeasurement, WorkerSetting, combine_measurements, percentile
from workers.tune.plan import memory_problem, search_is_over, slots_to_try, threads_each


def row(slots: int, processes: int, first_ms: float, rate: float, problem: str = "") -> SettingMeasurement:
    return SettingMeasurement(
        WorkerSetting(slots, processes), first_ms / 2, first_ms, rate, problem=problem, peak_bytes=10**9
    )


ROWS = [row(1, 1, 100, 1.0), row(4, 1, 300, 3.0), row(16, 1, 900, 5.0), row(4, 2, 480, 3.5), row(16, 2, 0, 0, "full")]


def measured(*firsts_ms: float, audio_s: float = 20.0) -> ProcessMeasurement:
    return ProcessMeasurement(firsts_ms, audio_s, 10.0, len(firsts_ms), 0, 3 * 10**9, 4 * 10**9, 5 * 10**9)


def test_live_takes_the_most_sound_of_those_that_are_heard_in_time() -> None:
    advice = for_live(ROWS, 500)
    assert advice.chosen.setting == WorkerSetting(4, 2)
    assert advice.reason.startswith("first audio p95 480 ms, within 500; highest throughput of 3 such settings, 3.50 s")


def test_live_takes_the_soonest_where_none_is_in_time_and_says_so() -> None:
    advice = for_live(ROWS, 50)
    assert advice.chosen.setting == WorkerSetting(1, 1)
    assert advice.reason == "no setting has its first audio within 50 ms; this one is the fastest (p95 100 ms)"


def test_live_warns_where_a_listener_would_wait_all_the_time() -> None:
    assert "slower than playback (0.44 times)" in for_live(ROWS, 500).reason


def test_batch_takes_the_most_sound_however_late() -> None:
    advice = for_batch(ROWS)
    assert advice.chosen.setting == WorkerSetting(16, 1)
    assert advice.reason == "highest throughput: 5.00 s of audio per second, 5.0 times that of 1 process with 1 slot"


def test_the_conclusion_says_what_to_start_and_whether_parallel_processes_are_worth_it() -> None:
    start = "For listeners, start 2 processes with 4 slots: enough for about 3 at once; "
    assert conclusion(ROWS, 500) == start + "2 processes speak no more than one on this machine."
    faster = [*ROWS, row(8, 2, 900, 7.5)]
    assert conclusion(faster, 500) == start + "2 processes speak 50% more than one on this machine."
    alone = "For listeners, start 1 process with 1 slot: too slow for even one without gaps; "
    assert conclusion([row(1, 1, 300, 0.8)], 500) == alone + "processes in parallel were not measured."


def test_of_settings_that_are_alike_the_smaller_is_advised() -> None:
    alike = [row(4, 1, 100, 10.0), row(8, 1, 200, 10.2), row(4, 2, 200, 10.25)]
    assert for_batch(alike).chosen.setting == WorkerSetting(4, 1)
    assert for_live(alike, 500).chosen.setting == WorkerSetting(4, 1)
    assert for_batch([*alike, row(16, 1, 300, 10.0 * (1 + 2 * SAME_THROUGHPUT))]).chosen.setting == WorkerSetting(16, 1)


def test_a_setting_with_a_problem_is_never_advised() -> None:
    with pytest.raises(ValueError, match="no setting was measured"):
        for_live(ROWS[-1:], 500)
    with pytest.raises(ValueError, match="no setting was measured"):
        for_batch([])


@given(
    st.lists(
        st.builds(row, st.integers(1, 64), st.integers(1, 4), st.floats(1, 5000), st.floats(0.01, 200)), min_size=1
    ),
    st.floats(1, 5000),
)
def test_no_other_setting_in_time_speaks_much_more_than_the_advised_one(
    rows: list[SettingMeasurement], first_ms: float
) -> None:
    live, batch = for_live(rows, first_ms).chosen, for_batch(rows).chosen
    soon = [each for each in rows if each.first_p95_ms <= first_ms]
    assert live in (soon or rows)
    assert all(each.audio_s_per_s * (1 - SAME_THROUGHPUT) <= live.audio_s_per_s for each in soon)
    assert soon or live.first_p95_ms == min(each.first_p95_ms for each in rows)
    assert all(each.audio_s_per_s * (1 - SAME_THROUGHPUT) <= batch.audio_s_per_s for each in rows)


def test_processes_together_speak_the_sum_and_are_as_late_as_all_their_sentences() -> None:
    found = combine_measurements(WorkerSetting(2, 2), [measured(100, 200, 300), measured(400, 900, audio_s=30)])
    assert (found.audio_s_per_s, found.sentences, found.each_x) == (5.0, 5, 1.25)
    assert (found.first_p50_ms, found.first_p95_ms) == (300, 900)
    assert (found.rss_bytes, found.peak_bytes, found.gpu_bytes) == (6 * 10**9, 4 * 10**9, 10**10)


def test_a_setting_without_a_sound_has_a_problem() -> None:
    found = combine_measurements(WorkerSetting(2, 1), [measured(20_000, audio_s=0.0)])
    assert found.problem == "no audio within 10 s; measure for longer with --seconds"
    assert math.isnan(found.first_p95_ms)


@pytest.mark.parametrize(("percent", "found"), [(50, 2.0), (95, 4.0), (100, 4.0), (0, 1.0), (25, 1.0), (26, 2.0)])
def test_percentiles_are_values_that_were_measured(percent: float, found: float) -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], percent) == found


def test_slots_are_doubled_up_to_the_most() -> None:
    assert list(slots_to_try(1)) == [1]
    assert list(slots_to_try(8)) == [1, 2, 4, 8]
    assert list(slots_to_try(12)) == [1, 2, 4, 8, 12]


def test_the_search_ends_where_two_doublings_gave_nothing() -> None:
    rates = [1.0, 2.0, 2.05, 2.06]
    rows = [row(2**i, 1, 100, rate) for i, rate in enumerate(rates)]
    assert [search_is_over(rows[:n]) for n in range(5)] == [False, False, False, False, True]


def test_one_disturbed_measurement_does_not_end_the_search() -> None:
    assert not search_is_over([row(1, 1, 100, 1.0), row(2, 1, 100, 2.0), row(4, 1, 100, 0.5), row(8, 1, 100, 4.0)])


def test_the_search_ends_at_a_problem() -> None:
    assert search_is_over([row(1, 1, 100, 1.0, "no memory")])


def test_processes_are_not_started_where_memory_would_not_do() -> None:
    assert memory_problem(WorkerSetting(2, 2), ROWS, 3 * 10**9) == ""
    assert memory_problem(WorkerSetting(2, 3), ROWS, 3 * 10**9) == "needs about 3.3 GB of memory; 3.0 GB are free"
    assert memory_problem(WorkerSetting(2, 3), ROWS, 0) == ""  # not known
    assert memory_problem(WorkerSetting(1, 1), [], 1) == ""  # nothing is known of its needs


def test_cores_are_shared_out_among_processes() -> None:
    assert [threads_each(n, 8) for n in (1, 2, 3, 16)] == [0, 4, 2, 1]
