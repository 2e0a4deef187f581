"""Engine silence: when a process counts as stuck, whose end costs all its sentences."""

from dataclasses import replace

import pytest

from seriatim.lua.pool_records import ClaimResult, ClaimVerdict
from seriatim.records import TaskMessage
from seriatim.settings import Settings
from workers.handover.engine_silence import silence_limits
from workers.worker_state import RunningAttempt, SilenceLimits

LIMITS = SilenceLimits(stalled_s=30, end_s=6, handover_s=3)


@pytest.mark.parametrize(("silent_s", "in_engine", "handed_over", "stuck"), [
    (7, True, True, True), (5, True, True, False), (7, True, False, False), (7, False, True, False),
    (31, True, False, True), (31, False, False, True),
])  # fmt: skip
def test_the_shorter_limit_is_for_what_was_handed_over(
    silent_s: float, in_engine: bool, handed_over: bool, stuck: bool
) -> None:
    """Few sentences are handed over: a machine that stands still as a whole keeps its processes."""
    attempt = RunningAttempt(TaskMessage("j", 0, 1), "0", LIMITS, in_engine=in_engine, handed_over=handed_over)
    assert attempt.is_stuck(attempt.last_sound_s + silent_s) is stuck


@pytest.mark.parametrize(("engine_s", "silent_s", "in_engine", "overdue_s"), [
    (0, 2, True, 0), (0, 3.5, True, 3.5), (6, 1, True, 0), (6.5, 1, True, 7.5), (6, 3.5, True, 3.5), (8, 5, False, 0),
])  # fmt: skip
def test_an_engine_that_trickles_is_overdue_as_one_that_is_silent(
    engine_s: float, silent_s: float, in_engine: bool, overdue_s: float
) -> None:
    """Each drop of sound ends a silence; the time that the engine takes in all has a limit of its own."""
    limits = SilenceLimits(stalled_s=30, end_s=6, handover_s=3, most_engine_s=7)
    attempt = RunningAttempt(TaskMessage("j", 0, 1), "0", limits, in_engine=in_engine, engine_s=engine_s)
    assert attempt.overdue_s(attempt.last_sound_s + silent_s) == pytest.approx(overdue_s)


def test_only_the_time_that_the_engine_takes_counts() -> None:
    """And not what lies between its chunks, such as a server that answers late."""
    attempt = RunningAttempt(TaskMessage("j", 0, 1), "0", LIMITS)
    attempt.enter_engine()
    attempt.last_sound_s -= 2
    attempt.leave_engine()
    attempt.last_sound_s -= 50
    attempt.enter_engine()
    attempt.last_sound_s -= 1
    attempt.leave_engine()
    assert 3 <= attempt.engine_s < 50


def test_an_attempt_may_take_twice_what_the_pool_expects_and_a_silence() -> None:
    claimed = ClaimResult(ClaimVerdict.CLAIMED, expected_ms=4_000, silence_ms=500)
    limits = silence_limits(Settings(handover_ms=3_000), "tone", claimed)
    assert (limits.handover_s, limits.most_engine_s) == (3, 11)
    assert silence_limits(Settings(), "tone", replace(claimed, silence_ms=0)).most_engine_s == float("inf")
