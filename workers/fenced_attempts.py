"""Fenced attempts: a worker that is told that one of its own does not count has it counted, for operators.

Such an attempt is a zombie's: its process was stopped, or cut off, for longer than its lease, and went on when another
had its sentence already. It harms nobody, since whatever it sends is refused. Many of them say that machines stall, or
that leases are too short for them.
"""

from collections.abc import Sequence
from typing import Any

from seriatim.lua import pool_scripts
from seriatim.lua.job_scripts import AppendVerdict
from seriatim.lua.pool_records import FinishVerdict
from seriatim.lua.script_calls import ScriptCall
from workers.chunk_sender import AttemptDropped
from workers.worker_state import ReportedOutcome, RunningAttempt, WorkerState


def report_if_fenced(worker_state: WorkerState, speaking: RunningAttempt, why: AttemptDropped) -> None:
    """An attempt was dropped: if another has its sentence, the clerk is to have that counted."""
    if speaking.taken or str(why) == AppendVerdict.FENCED.name:
        worker_state.told.put(
            ReportedOutcome(speaking.message, pool_scripts.fenced(worker_state.pool_client.pool, speaking.message))
        )


def refused_calls(
    worker_state: WorkerState, told: Sequence[ReportedOutcome], answers: Sequence[Any]
) -> list[ScriptCall[bool]]:
    """The calls that count those of `told` whose end the pool would not hear."""
    pairs = zip(told, answers, strict=True)
    return [
        pool_scripts.fenced(worker_state.pool_client.pool, each.message)
        for each, answer in pairs
        if answer is FinishVerdict.STALE
    ]
