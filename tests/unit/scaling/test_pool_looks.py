"""Looks at a pool: claims are those since the look before, and a need counts those who were refused."""

from dataclasses import replace

import pytest

from seriatim.pool_metrics import PoolMetrics
from workers.scaling.pool_looks import pool_look

BEFORE = PoolMetrics("p", slots=4, allowed=4, room=3.8, rtf=0.25, counts={"wait_L:1000": 50, "slack:-500": 9})


def test_claims_before_the_last_look_do_not_count() -> None:
    now = replace(BEFORE, counts={"wait_L:1000": 50, "wait_L:20": 10, "slack:-500": 9, "slack:10000": 10})
    look = pool_look(BEFORE, now, 2, 8.0)
    assert (look.at_s, look.slots, look.pool_processes) == (8.0, 4, 2)
    assert look.wait_p95_ms is not None
    assert look.wait_p95_ms <= 20
    assert look.slack_p5_ms is not None
    assert look.slack_p5_ms > 5_000


def test_without_claims_there_are_no_times_even_if_the_counters_began_anew() -> None:
    assert pool_look(BEFORE, BEFORE, 1, 0.0).wait_p95_ms is None
    assert pool_look(BEFORE, replace(BEFORE, counts={}), 1, 0.0).slack_p5_ms is None


def test_those_who_were_refused_and_are_expected_back_need_slots_too() -> None:
    look = pool_look(BEFORE, replace(BEFORE, demand=1.9, held=0.95, line=4), 1, 0.0)
    assert look.needed_slots == (1.9 + 0.95 + 4 * 0.25) / 3.8 * 4


def test_sentences_that_are_claimed_late_make_a_pool_need_more_slots() -> None:
    look = pool_look(BEFORE, replace(BEFORE, demand=1.9, lateness=1.2), 1, 0.0)
    assert look.needed_slots == pytest.approx(1.9 * 1.2 / 3.8 * 4)


def test_a_pool_without_slots_needs_none() -> None:
    assert pool_look(PoolMetrics("p"), PoolMetrics("p"), 0, 0.0).needed_slots == 0


def test_batch_work_waits_only_where_all_slots_are_busy() -> None:
    waiting = replace(BEFORE, users_batch=1, in_flight=4)
    assert pool_look(BEFORE, waiting, 1, 0.0).batch_waits
    assert not pool_look(BEFORE, replace(waiting, in_flight=3), 1, 0.0).batch_waits
    assert not pool_look(BEFORE, replace(waiting, users_batch=0), 1, 0.0).batch_waits


def test_a_limit_of_the_governor_counts_up_to_the_slots_that_there_are() -> None:
    assert pool_look(BEFORE, replace(BEFORE, limited=True, allowed=4), 1, 0.0).limited
    assert not pool_look(BEFORE, replace(BEFORE, limited=True, allowed=9), 1, 0.0).limited
    assert not pool_look(BEFORE, BEFORE, 1, 0.0).limited
