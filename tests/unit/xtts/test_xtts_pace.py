"""The pace of the model, measured, so that pieces are as large as can be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.engines.xtts.batch.speed_estimate import FadingRegression, SpeedMeter


@given(st.floats(0, 100), st.floats(0.1, 50), st.lists(st.integers(1, 40), min_size=5, max_size=30, unique=True))
def test_a_straight_line_is_found(at_zero: float, slope: float, sizes: list[int]) -> None:
    line = FadingRegression()
    for size in sizes:
        line.add(size, at_zero + slope * size)
    found_at_zero, found_slope = line.fitted()
    assert found_at_zero + found_slope * 20 == pytest.approx(at_zero + slope * 20, rel=1e-3, abs=1e-3)


@given(st.lists(st.tuples(st.integers(1, 40), st.floats(0.1, 1000)), min_size=1, max_size=40))
def test_nothing_costs_less_than_nothing(measured: list[tuple[int, float]]) -> None:
    line = FadingRegression()
    for size, ms in measured:
        line.add(size, ms)
    assert min(line.fitted()) >= 0


def test_what_was_long_ago_counts_no_more() -> None:
    line = FadingRegression()
    for _ in range(50):
        line.add(10, 500)
    for _ in range(50):
        line.add(10, 100)
    assert line.fitted()[1] == pytest.approx(10, rel=0.05)


def test_a_row_waits_for_the_pieces_of_the_others() -> None:
    alone, crowded = SpeedMeter(), SpeedMeter()
    for _ in range(60):
        alone.vocoded(10, 1, 30)
        crowded.vocoded(80, 8, 240)
    assert alone.now().making_ms(0, 10) == pytest.approx(30, rel=0.05)
    assert crowded.now().making_ms(0, 10) == pytest.approx(240, rel=0.05)


def test_before_anything_was_measured_nothing_is_assumed() -> None:
    assert SpeedMeter().now().making_ms(5, 5) == 0
