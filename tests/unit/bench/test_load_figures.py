"""The measures of the load bench, on listeners made by hand."""

import math
from math import factorial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.load.erlang import erlang_b, overflow
from bench.load.figures import jain, jitter_ms, largest_difference, meets, most, quantile, summary, ttfa_s
from bench.load.plan import RequestResult

SPAN_S = 20.0
SHARES = st.lists(st.floats(0.001, 1e6), min_size=1, max_size=30)


def audible(
    user: str, asked_s: float, *arrivals: tuple[float, float], ended_s: float = 19.0, **changes: Any
) -> RequestResult:
    result = RequestResult(
        user, "live", "live", asked_s, job="j", accepted_s=asked_s, chunks=list(arrivals), ended_s=ended_s
    )
    result.over_s = ended_s if ended_s >= 0 else SPAN_S
    for name, value in changes.items():
        setattr(result, name, value)
    return result


def refused(user: str, *, back: bool = False) -> RequestResult:
    return RequestResult(user, "live", "live", 1.0, refused="Busy", retry_after_s=2.0, back=back, over_s=1.0)


def test_a_quantile_is_one_of_the_values() -> None:
    assert quantile([3, 1, 2], 0.5) == 2
    assert quantile(range(1, 101), 0.95) == 95
    assert quantile(range(1, 101), 0.99) == 99
    assert quantile([7], 0.99) == 7
    assert math.isnan(quantile([], 0.5))


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1), share=st.floats(0.01, 1))
def test_a_share_of_the_values_lies_at_or_below_its_quantile(values: list[float], share: float) -> None:
    found = quantile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-6


def test_jain_is_one_for_equals_and_one_nth_if_one_has_all() -> None:
    assert jain([4, 4, 4]) == pytest.approx(1)
    assert jain([9, 0, 0]) == pytest.approx(1 / 3)
    assert jain([1, 3]) == pytest.approx(0.8)
    assert jain([0, 0]) == 1


@given(shares=SHARES, factor=st.floats(0.01, 100))
def test_jain_does_not_care_about_units(shares: list[float], factor: float) -> None:
    assert 1 / len(shares) - 1e-9 <= jain(shares) <= 1 + 1e-9
    assert jain([share * factor for share in shares]) == pytest.approx(jain(shares))


def test_the_largest_difference_is_between_the_ends() -> None:
    assert largest_difference([3.0, 9.0, 5.0]) == 6
    assert largest_difference([]) == 0


def test_a_steady_stream_has_no_jitter() -> None:
    assert jitter_ms([(0.2 * i, 200) for i in range(9)]) == pytest.approx(0)
    assert jitter_ms([(0.0, 200), (0.36, 200)]) == pytest.approx(10), "a sixteenth of 160 ms"


def test_erlang_b_is_as_in_the_tables() -> None:
    assert erlang_b(1, 1) == pytest.approx(0.5)
    assert erlang_b(10, 10) == pytest.approx(0.2146, abs=1e-4)
    assert erlang_b(20, 15) == pytest.approx(20**15 / factorial(15) / sum(20**k / factorial(k) for k in range(16)))
    assert erlang_b(0, 3) == 0
    assert erlang_b(5, 0) == 1


@given(offered=st.floats(0.1, 500), lines=st.integers(0, 500))
def test_more_lines_block_less_and_never_less_than_the_overflow(offered: float, lines: int) -> None:
    assert erlang_b(offered, lines + 1) <= erlang_b(offered, lines)
    assert erlang_b(offered, lines) >= overflow(offered, lines) - 1e-9


def test_first_audio_is_counted_from_the_wish_that_was_accepted() -> None:
    assert ttfa_s(audible("a", 2.0, (2.4, 100)), SPAN_S) == pytest.approx(0.4)


def test_who_still_waits_counts_with_the_time_so_far_if_that_is_too_long() -> None:
    assert ttfa_s(audible("a", 5.0, ended_s=-1), SPAN_S) == 15.0
    assert ttfa_s(audible("a", 19.5, ended_s=-1), SPAN_S) is None, "nothing is known yet"


def test_a_silence_of_one_listener_is_seen_in_every_measure() -> None:
    calm = audible("a", 0.0, (0.2, 1_000), (0.4, 1_000), ended_s=0.5)
    broken = audible("b", 0.0, (0.3, 1_000), (1.8, 1_000), ended_s=1.9)
    found = summary([calm, broken, refused("c")], SPAN_S)
    assert (found.requests, found.accepted, found.refused, found.stalled, found.stalls) == (3, 2, 1, 1, 1)
    assert found.stalled_s == pytest.approx(0.5)
    assert (found.c100, found.viable) == (0.5, 0.5)
    assert found.goodput == pytest.approx(1 / SPAN_S)
    assert found.late_p99_ms == pytest.approx(500)
    assert found.jain == pytest.approx(1)
    assert not meets(found)


def test_silences_too_short_to_measure_are_none() -> None:
    assert summary([audible("a", 0.0, (0.0, 1_000), (1.015, 500), ended_s=1.2)], SPAN_S).stalled == 0


def test_the_target_is_met_when_all_hear_at_once_and_none_is_refused() -> None:
    calm = audible("a", 0.0, (0.2, 1_000), ended_s=0.3)
    assert meets(summary([calm], SPAN_S))
    assert not meets(summary([calm, refused("b")], SPAN_S))
    assert not meets(summary([calm, audible("b", 3.0, ended_s=-1)], SPAN_S))
    assert not meets(summary([audible("a", 0.0, (1.2, 1_000), ended_s=1.3)], SPAN_S))


def test_who_gathers_before_the_run_is_warm_is_not_counted_for_first_audio() -> None:
    early, late = audible("a", 1.0, (4.0, 1_000), ended_s=4.1), audible("b", 6.0, (6.1, 1_000), ended_s=6.2)
    assert summary([early, late], SPAN_S, warm_s=5.0).ttfa_p99_s == pytest.approx(0.1)


def test_those_who_came_back_are_counted_apart() -> None:
    came = audible("c", 3.0, (3.1, 1_000), ended_s=3.2, back=True)
    found = summary([refused("c"), came, refused("d"), refused("d", back=True)], SPAN_S)
    assert (found.back, found.back_in) == (2, 1)


def test_books_count_with_what_was_made_of_them() -> None:
    books = [audible(user, 0.0, ended_s=-1, listens=False, spoken_s=s) for user, s in (("a", 60.0), ("b", 30.0))]
    found = summary(books, SPAN_S)
    assert (found.audio_s, found.difference_s, found.unheard) == (90, 30, 0)
    assert math.isnan(found.ttfa_p95_s)


@given(edge=st.integers(0, 200), high=st.integers(1, 200))
def test_bisection_finds_the_last_that_holds(edge: int, high: int) -> None:
    edge = min(edge, high - 1)
    tried = []

    def holds(n: int) -> bool:
        tried.append(n)
        return n <= edge

    assert most(0, high, holds) == edge
    assert len(tried) <= math.ceil(math.log2(high)) if high > 1 else not tried
