"""Engine silence: when a process counts as stuck, whose end costs all its sentences."""

import pytest

from seriatim.records import TaskMessage
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
