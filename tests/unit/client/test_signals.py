"""Signals of a pool: quantiles from buckets, and recent events as a difference of counters."""

from hypothesis import given
from hypothesis import strategies as st

from seriatim.pool_metrics import WAIT_BOUNDS_MS, TimeHistogram, decode

INF = float("inf")
GAUGES: list[bytes | int] = [
    b"slots", b"4", b"in_flight", b"3", b"waiting", 7, b"jobs", b"2", b"users_live", 1, b"users_batch", 0, b"line", 0,
    b"demand", b"3.5", b"held", b"0", b"room", b"3.8", b"load", b"0.92", b"lateness", b"1.1", b"rtf", b"0.25",
    b"returning", b"1", b"batch_share", b"0.25",
    b"chunk_share", b"0.5", b"refusing", 1, b"allowed", 4, b"paused_ms", 0, b"limited", 0, b"cold", 0,
    b"now", b"130000", b"requests_minute", b"120", b"characters_minute", 0,
]  # fmt: skip


def test_a_quantile_lies_within_its_bucket() -> None:
    spread = TimeHistogram(((10, 0), (20, 10), (50, 0), (100, 10), (INF, 0)))
    assert spread.quantile_ms(0.25) == 15
    assert spread.quantile_ms(0.5) == 20
    assert spread.quantile_ms(0.95) == 95


def test_of_nothing_there_is_no_quantile_and_beyond_the_bounds_it_is_the_bound() -> None:
    assert TimeHistogram(((10, 0), (INF, 0))).quantile_ms(0.5) is None
    assert TimeHistogram(((10, 0), (INF, 3))).quantile_ms(0.5) == 10
    assert TimeHistogram(((-10, 3), (INF, 0))).quantile_ms(0.05) == -10


@given(times=st.lists(st.integers(0, 60_000), min_size=1), share=st.floats(0, 1))
def test_a_quantile_is_off_by_a_bucket_at_most(times: list[int], share: float) -> None:
    bounds = (*WAIT_BOUNDS_MS, INF)
    counts = [sum(low < t <= high for t in times) for low, high in zip((-1, *WAIT_BOUNDS_MS), bounds, strict=True)]
    found = TimeHistogram(tuple(zip(bounds, counts, strict=True))).quantile_ms(share)
    exact = sorted(times)[max(0, min(len(times) - 1, -(-int(share * len(times) * 1_000) // 1_000) - 1))]
    assert found is not None
    at = next(i for i, bound in enumerate(bounds) if exact <= bound)
    low, high = ([0, *WAIT_BOUNDS_MS][max(0, at - 1)], bounds[min(at + 1, len(bounds) - 1)])
    assert low <= found <= high


def test_recent_events_are_the_difference() -> None:
    now = [b"t", b"9", b"refused_busy", b"8", b"refused_memory", b"1", b"wait_L:20", b"30", b"slack:0", b"5"]
    earlier = [b"t", b"1", b"refused_busy", b"6", b"wait_L:20", b"10"]
    found = decode("p", GAUGES, now, earlier)
    assert (found.refused_lately, dict(found.refused)) == (3, {"busy": 8, "memory": 1})
    assert found.wait_live.n == 20
    assert found.slack.n == 5
    assert (found.waiting, found.load) == (7, 0.92)


def test_steps_of_degrading_are_named_in_their_order() -> None:
    assert decode("p", GAUGES, [], []).degraded == ("batch looks less far ahead", "smaller pieces", "refusing")


def test_recent_requests_are_of_one_minute_however_old_the_copy_is() -> None:
    """The copy is 110 s old: 22 requests are 12 a minute. A pool that has none yet is younger than a minute."""
    now = [b"engine_requests", b"30", b"engine_characters", b"2100"]
    found = decode("p", GAUGES, now, [b"t", b"20000", b"engine_requests", b"8", b"engine_characters", b"1000"])
    assert (found.requests_lately, found.characters_lately) == (12, 600)
    assert (found.requests_minute, found.characters_minute) == (120, 0)
    assert decode("p", GAUGES, now, []).requests_lately == 30
