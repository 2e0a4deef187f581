"""The load bench's plans: requests and their times."""

import itertools
import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.load import scenarios
from bench.load.__main__ import lanes
from bench.load.arrivals import bursts, poisson, spread
from bench.load.load_system import LISTENERS
from bench.load.plan import MS_PER_CHAR, LoadRun, RequestResult, result_from_json, text_of
from bench.load.scenarios import QUICK, THOROUGH
from seriatim.text.segment import SegmentOptions, segment


@given(length_s=st.floats(1, 120), seed=st.integers(0, 10**6))
def test_a_text_lasts_about_as_long_as_it_should(length_s: float, seed: int) -> None:
    spoken_s = sum(len(sentence) for sentence in text_of(length_s, seed)) * MS_PER_CHAR / 1000
    assert spoken_s == pytest.approx(length_s, rel=0.1, abs=1.2)


def test_a_text_is_cut_where_its_sentences_end() -> None:
    for seed in range(30):
        sentences = text_of(30.0, seed)
        assert [piece.text for piece in segment(" ".join(sentences), SegmentOptions("en", 400))] == sentences


def test_arrivals_by_chance_come_at_their_rate() -> None:
    times = poisson(5.0, 1_000.0, seed=1)
    assert len(times) == pytest.approx(5_000, rel=0.05)
    assert times == sorted(times)
    assert max(times) < 1_000
    assert times == poisson(5.0, 1_000.0, seed=1)


def test_a_gradual_rise_is_even_and_a_burst_is_not() -> None:
    assert spread(4, 8.0) == [0, 2, 4, 6]
    assert bursts(3, 10.0, 25.0) == [10.0] * 3 + [20.0] * 3


@pytest.mark.parametrize("sizes", [QUICK, THOROUGH])
def test_every_run_survives_its_way_to_the_clients(sizes: scenarios.Sizes) -> None:
    runs = [run for lane in lanes(sizes) for run in lane.runs]
    assert all(LoadRun.from_json(run.to_json()) == run for run in runs)
    assert {run.name for run in runs} >= {"hog 40", "no hog", "batch beside", "poisson 125%", "bursts", "slow readers"}
    assert all(ask.at_s < run.span_s for run in runs for ask in run.asks)


@pytest.mark.parametrize("sizes", [QUICK, THOROUGH])
def test_all_policies_go_through_the_same_hog_and_the_same_full_load(sizes: scenarios.Sizes) -> None:
    """The same users with the same texts at the same times: else a difference would say nothing."""
    by_policy = {lane.policy: [] for lane in lanes(sizes)}  # type: dict[str, list[LoadRun]]
    for lane in lanes(sizes):
        by_policy[lane.policy] += lane.runs
    for name in ("hog 40", f"closed {scenarios.FULL}"):
        same = [next(run for run in runs if run.name == name) for runs in by_policy.values()]
        assert len(same) == 3
        assert all(one == other for one, other in itertools.pairwise(same))


def test_the_open_loop_offers_what_it_says() -> None:
    run = scenarios.offered(600.0)
    texts_s = sum(sum(ask.texts_s) / len(ask.texts_s) for ask in run.asks)
    assert texts_s / run.span_s == pytest.approx(1.25 * LISTENERS, rel=0.1)


def test_a_result_comes_back_whole() -> None:
    result = RequestResult("ann", "live", "live", 1.5, job="j", chunks=[(2.0, 60.0), (2.1, 200.0)], over_s=9.0)
    assert result_from_json(json.loads(json.dumps(asdict(result)))) == result
