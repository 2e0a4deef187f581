"""The process scaler in virtual time: what makes it grow and shrink, and that it neither leaves its range nor flaps."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seriatim.process.process_range import ProcessRange
from workers.scaling.process_scaler import AIM_LOAD, FORGET_S, LOOKS, MOST_DOUBLINGS, PoolLook, ProcessScaler

LOOK_S, QUIET_S = 2.0, 120.0
HOUR_S = 3600.0


def scaler(least: int = 1, most: int = 4) -> ProcessScaler:
    return ProcessScaler(ProcessRange(least, most), QUIET_S)


def calm(at_s: float, processes: int, needed_slots: float = 0.0, **facts: Any) -> PoolLook:
    """A look at a pool of processes with one slot each, whose live jobs need some of them; nothing is late."""
    load = min(1.0, needed_slots / processes)
    look = PoolLook(at_s, processes, processes, needed_slots, load, wait_p95_ms=20.0, slack_p5_ms=5_000.0)
    return replace(look, **facts)


def late(at_s: float, processes: int) -> PoolLook:
    return calm(at_s, processes, wait_p95_ms=900.0, slack_p5_ms=-300.0)


def changes_of(judge: ProcessScaler, looks: list[PoolLook], processes: int = 1) -> list[tuple[float, int]]:
    """Each change that it makes, with its time; added processes are ready at once."""
    found = []
    for look in looks:
        at_once = replace(look, slots=processes, pool_processes=processes)
        decision = judge.decide(at_once, processes)
        if decision.change:
            judge.note_change(look.at_s, decision.change)
            processes += decision.change
            found.append((look.at_s, decision.change))
    return found


def over_time(
    judge: ProcessScaler, seconds: float, needed_slots: float, processes: int = 1, look_s: float = LOOK_S
) -> list[tuple[float, int]]:
    """The changes under a steady need: admission keeps the load at 1, and expects back those that it refused."""
    found: list[tuple[float, int]] = []
    for at_s in range(0, int(seconds), int(look_s)):
        decision = judge.decide(calm(at_s, processes, needed_slots), processes)
        if decision.change:
            judge.note_change(at_s, decision.change)
            processes += decision.change
            found.append((at_s, processes))
    return found


@pytest.mark.parametrize(
    ("facts", "need"),
    [
        ({"wait_p95_ms": 600.0, "slack_p5_ms": 400.0}, "live sentences are claimed late"),
        ({"load": 0.9}, "live jobs need nearly all slots"),
        ({"batch_waits": True}, "batch work waits for a slot"),
        ({}, ""),
        ({"wait_p95_ms": 600.0}, ""),  # it may wait: its listener has five seconds of audio
        ({"slack_p5_ms": 400.0}, ""),  # first sentences are due at once
        ({"load": 0.85}, ""),
        ({"wait_p95_ms": None, "slack_p5_ms": None}, ""),
    ],
)
def test_a_need_is_late_claims_load_or_waiting_batch_work(facts: dict[str, Any], need: str) -> None:
    assert calm(0, 1, **facts).need == need


def test_three_looks_with_a_need_add_a_process_and_a_calm_one_between_them_none() -> None:
    assert changes_of(scaler(), [late(n * LOOK_S, 1) for n in range(LOOKS - 1)]) == []
    assert changes_of(scaler(), [late(n * LOOK_S, 1) for n in range(LOOKS)]) == [((LOOKS - 1) * LOOK_S, 1)]
    broken = [late(0, 1), late(2, 1), calm(4, 1), late(6, 1), late(8, 1)]
    assert changes_of(scaler(), broken) == []


def test_a_look_without_claims_neither_counts_nor_ends_a_need_but_a_long_gap_does() -> None:
    unseen = calm(2, 1, wait_p95_ms=None, slack_p5_ms=None)
    assert changes_of(scaler(), [late(0, 1), unseen, late(4, 1), late(6, 1)]) == [(6, 1)]
    assert changes_of(scaler(), [late(0, 1), late(2, 1), late(30, 1)]) == []


def test_live_jobs_get_as_many_processes_as_they_need_at_once() -> None:
    """Of four times the load of one process, in one step: each step takes the time that an engine takes to load."""
    assert over_time(scaler(1, 8), 60, needed_slots=3.0) == [(4.0, 5)]
    assert over_time(scaler(1, 4), 60, needed_slots=30.0) == [(4.0, 4)], "no more than the most"


def test_batch_work_doubles_the_processes_and_keeps_them() -> None:
    looks = [calm(n * LOOK_S, 1, batch_waits=True) for n in range(200)]
    assert changes_of(scaler(1, 6), looks) == [(4.0, 1), (10.0, 2), (16.0, 2)]


def test_a_limited_pool_gets_no_process() -> None:
    looks = [replace(late(n * LOOK_S, 1), limited=True) for n in range(20)]
    assert changes_of(scaler(), looks) == []


def test_a_process_is_drained_after_a_quiet_time_that_one_less_would_bear() -> None:
    assert over_time(scaler(), 200, needed_slots=0.7, processes=2) == [(120.0, 1)]
    assert over_time(scaler(), 3600, needed_slots=0.8, processes=2) == [], "one would be nearly full"
    assert over_time(scaler(2, 4), 3600, needed_slots=0.0, processes=2) == [], "no fewer than the least"
    assert [n for _, n in over_time(scaler(), 3600, needed_slots=0.0, processes=4)] == [3, 2, 1], "one at a time"


def test_a_need_within_the_quiet_time_keeps_all_processes() -> None:
    looks = [calm(n * LOOK_S, 2, 1.5 if n == 30 else 0.0) for n in range(80)]
    assert changes_of(scaler(), looks, processes=2) == []
    looks = [late(n * LOOK_S, 2) if n == 30 else calm(n * LOOK_S, 2) for n in range(80)]
    assert changes_of(scaler(), looks, processes=2) == []


def test_a_process_that_was_drained_too_early_doubles_the_quiet_time() -> None:
    judge = scaler()
    judge.note_change(0, -1)
    judge.note_change(60, 1)
    assert judge.current_quiet_s == 2 * QUIET_S
    judge.note_change(400, -1)
    judge.note_change(2 * HOUR_S, 1)
    assert judge.current_quiet_s == QUIET_S, "the last one was right"


def test_no_process_is_added_within_a_quiet_time_after_one_that_could_not_start() -> None:
    judge = scaler()
    judge.note_failure(0)
    found = changes_of(judge, [late(n * LOOK_S, 1) for n in range(100)])
    assert found[0][0] == QUIET_S


def looks_of(rows: list[tuple[float, float, bool, bool]]) -> list[PoolLook]:
    """Looks at any pool: needed slots, load, whether claims are late, whether batch work waits."""
    return [
        PoolLook(n * LOOK_S, 1, 1, needed, load, 900.0 if is_late else 10.0, 100.0, batch_waits=batch)
        for n, (needed, load, is_late, batch) in enumerate(rows)
    ]


ROW = st.tuples(st.floats(0, 20), st.floats(0, 1), st.booleans(), st.booleans())
STRETCHES = st.lists(st.tuples(ROW, st.integers(1, 150)), min_size=1, max_size=8)


@given(stretches=STRETCHES, least=st.integers(1, 3), spread=st.integers(0, 5))
def test_whatever_it_sees_it_stays_within_its_range(
    stretches: list[tuple[tuple[float, float, bool, bool], int]], least: int, spread: int
) -> None:
    looks = looks_of([row for row, times in stretches for _ in range(times)])
    processes = least
    for _, change in changes_of(scaler(least, least + spread), looks, least):
        processes += change
        assert least <= processes <= least + spread


@given(stretches=STRETCHES)
def test_whatever_it_sees_a_process_is_drained_only_a_quiet_time_after_the_last_change(
    stretches: list[tuple[tuple[float, float, bool, bool], int]],
) -> None:
    found = changes_of(scaler(), looks_of([row for row, times in stretches for _ in range(times)]))
    for (earlier_s, _), (later_s, change) in pairwise(found):
        assert later_s - earlier_s >= (QUIET_S if change < 0 else LOOKS * LOOK_S)


@given(needed=st.floats(0, 12), most=st.integers(1, 12), first=st.integers(1, 12))
def test_under_a_steady_load_it_comes_to_rest_and_never_flaps(needed: float, most: int, first: int) -> None:
    """The number that it rests at bears the load, if its range allows that."""
    first = min(first, most)
    judge = scaler(1, most)
    changes = over_time(judge, HOUR_S, needed, first, look_s=FORGET_S)
    directions = {after > before for before, after in pairwise([first, *(n for _, n in changes)])}
    assert len(directions) <= 1, "it only grows, or only shrinks"
    assert all(at_s <= most * QUIET_S for at_s, _ in changes)
    rest = changes[-1][1] if changes else first
    assert rest == most or needed <= 0.85 * rest + 1e-9
    assert rest == 1 or rest == first or needed > AIM_LOAD * (rest - 2) - 1e-9


def test_a_pool_that_is_late_whenever_it_is_small_is_changed_ever_less_often() -> None:
    """Such as by one long sentence: no load shows why one process is too few."""
    judge, processes, drained = scaler(1, 2), 1, []
    for at_s in range(0, int(24 * HOUR_S), int(FORGET_S)):
        decision = judge.decide(late(at_s, 1) if processes == 1 else calm(at_s, 2), processes)
        if decision.change:
            judge.note_change(at_s, decision.change)
            processes += decision.change
            drained += [at_s] if decision.change < 0 else []
    pauses = [later - earlier for earlier, later in pairwise(drained)]
    assert pauses == sorted(pauses)
    assert pauses[-1] >= 2**MOST_DOUBLINGS * QUIET_S
