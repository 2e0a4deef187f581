"""The next sentence of a hot slot, taken with the report of a short one, without a message.

Between two messages of a slot lie some 6 ms: Celery's acknowledgement, its fetch, and a second trip for the claim. A
light engine speaks a sentence in less than ten times that. A run of sentences ends after MAX_RUN_S, so that Celery sees
its message acknowledged and the process shows that it receives any; where the process takes no more work (drained,
paused or about to be renewed); and with each attempt that was not finished. What follows then comes by message.
"""

import logging
import time

from seriatim.dispatch import MAX_PICK
from seriatim.errors import SeriatimError
from seriatim.lua import pool_scripts
from seriatim.lua.pool_records import FinishedSentence, FinishVerdict, NextSentence
from seriatim.lua.script_calls import ScriptCall, run
from workers.hot_slots import standby
from workers.worker_state import ReportedOutcome, RunningAttempt, SlotRun, WorkerState

log = logging.getLogger(__name__)

MAX_RUN_S = 30.0  #: far below RabbitMQ's consumer_timeout of 30 minutes
MESSAGE_MS = 5.0  #: cost of a message between two sentences of a slot
MESSAGE_SHARE = 0.02  #: of a sentence's time, above which `auto` saves the message: shorter than 250 ms


def begin_run(worker_state: WorkerState) -> SlotRun:
    """The run that a message begins, in the thread of its slot."""
    return SlotRun(time.monotonic() + MAX_RUN_S, getattr(worker_state.thread_end, "at_s", None))


def may_take_next(worker_state: WorkerState, slot_run: SlotRun, wall_ms: float) -> bool:
    """True if a slot may go on without a message behind a sentence that took `wall_ms`.

    The thread of the sentence ahead ends where one of Celery's is idle: that one gets the next sentence.
    """
    if slot_run.is_ahead and len(worker_state.taken) < worker_state.facts.slots:
        return False
    setting = worker_state.pool_client.settings.hot_slots
    ends = worker_state.closed or worker_state.renewing.is_set() or time.monotonic() >= slot_run.until_s
    return not ends and (setting == "on" or (setting == "auto" and wall_ms * MESSAGE_SHARE < MESSAGE_MS))


def take_call(
    worker_state: WorkerState, attempt: RunningAttempt, finished: FinishedSentence
) -> ScriptCall[NextSentence]:
    """The call that reports a finished sentence and takes the slot's next one, and perhaps one ahead."""
    message, slot_run = attempt.message, attempt.slot_run
    slot_run.asks_ahead = slot_run.asks_ahead or worker_state.ahead.reserve(finished.wall_ms)
    pool_client = worker_state.pool_client
    settings = pool_client.settings
    return pool_scripts.finish_and_claim(
        pool_client.pool, message, finished, pool_client.retry.ended_life_ms,
        worker_state.owner, settings.lease_ms, MAX_PICK, settings.message_timeout_ms,
        "" if slot_run.is_ahead else standby.slot_name(worker_state), round(standby.STANDBY_S * 1000),
        2 if slot_run.asks_ahead else 1,
    )  # fmt: skip


def finish_and_take_next(worker_state: WorkerState, attempt: RunningAttempt, finished: FinishedSentence) -> bool:
    """Report a finished sentence and take the slot's next one, which `attempt.slot_run` holds then.

    Returns False if Redis refused or did not answer: the result reporter has to try.
    """
    message = attempt.message
    try:
        reply = run(worker_state.pool_client.redis, take_call(worker_state, attempt, finished))
    except SeriatimError as error:
        log.warning(
            "next sentence not taken; outcome queued",
            extra={"job": message.job, "seq": message.seq, "error": str(error)},
        )
        return False
    accept_next(worker_state, attempt, reply)
    return True


def accept_next(worker_state: WorkerState, attempt: RunningAttempt, reply: NextSentence) -> None:
    """Go on with the answer to a finish: `attempt` is over, and its slot has the sentence that was claimed."""
    message, pool = attempt.message, worker_state.pool_client.pool
    worker_state.remove_attempt(message)
    attempt.slot_run.following = reply
    if reply.verdict is FinishVerdict.STALE and not attempt.handed_over:
        worker_state.outcomes.put(ReportedOutcome(message, pool_scripts.fenced(pool, message)))
    if reply.picked:
        worker_state.outcomes.put(reply.picked)
