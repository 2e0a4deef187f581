"""Fenced attempts: a worker whose attempt was superseded reports it, as a metric for operators.

Its process was stopped or cut off for longer than its lease, and continued after another worker had taken the sentence.
This does no harm, since everything that it sends is refused. Many fenced attempts mean that machines stall, or that
leases are too short for them.
"""

from collections.abc import Sequence
from typing import Any

from seriatim.lua import pool_scripts
from seriatim.lua.job_scripts import AppendVerdict
from seriatim.lua.pool_records import FinishVerdict
from seriatim.lua.script_calls import ScriptCall
from workers.chunk_sender import AttemptDropped
from workers.worker_state import ReportedOutcome, RunningAttempt, WorkerState


def report_if_fenced(worker_state: WorkerState, attempt: RunningAttempt, dropped: AttemptDropped) -> None:
    """Have a dropped attempt counted if another worker has its sentence, unless it was handed over on purpose."""
    if attempt.handed_over:
        return
    if attempt.reassigned or str(dropped) == AppendVerdict.FENCED.name:
        worker_state.outcomes.put(
            ReportedOutcome(attempt.message, pool_scripts.fenced(worker_state.pool_client.pool, attempt.message))
        )


def refused_calls(
    worker_state: WorkerState, outcomes: Sequence[ReportedOutcome], answers: Sequence[Any]
) -> list[ScriptCall[bool]]:
    """The calls that count those `outcomes` that the pool refused as stale, unless they were handed over on purpose."""
    handed_over = {attempt.message for attempt in worker_state.running_attempts() if attempt.handed_over}
    pairs = zip(outcomes, answers, strict=True)
    return [
        pool_scripts.fenced(worker_state.pool_client.pool, each.message)
        for each, answer in pairs
        if answer is FinishVerdict.STALE and each.message not in handed_over
    ]
