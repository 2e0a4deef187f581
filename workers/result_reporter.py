"""The result reporter: a thread that reports finished sentences to the pool, picks the next and publishes them.

It works beside the speaking threads, so that a slot that has spoken takes its next message at once. Sentences that end
while it is at work are told together, in one round trip. What a process that dies has not told shows in its leases.
"""

import logging
from queue import Empty

from seriatim.dispatch import pick_call, publish_picked
from seriatim.errors import SeriatimError
from seriatim.lua.script_calls import run_many
from workers.fenced_attempts import refused_calls
from workers.worker_state import ReportedOutcome, WorkerState

log = logging.getLogger(__name__)

TOGETHER = 32  #: sentences told in one round trip: bounds the time that the server is kept


def report_results(worker_state: WorkerState) -> None:
    """Tell and ring until the queue says that that was all."""
    while (first := worker_state.told.get()) is not None:
        told = [first]
        try:
            told += _waiting_results(worker_state)
            *answers, messages = run_many(
                worker_state.pool_client.redis, [*(each.call for each in told), pick_call(worker_state.pool_client)]
            )
            publish_picked(worker_state.pool_client, messages)
            run_many(worker_state.pool_client.redis, refused_calls(worker_state, told, answers))
        except SeriatimError as error:
            log.warning("leases will expire instead", extra={"sentences": len(told), "error": str(error)})
        finally:
            for each in told:
                worker_state.end(each.message)


def _waiting_results(worker_state: WorkerState) -> list[ReportedOutcome]:
    """What else waits to be told."""
    more: list[ReportedOutcome] = []
    while len(more) < TOGETHER - 1:
        try:
            told = worker_state.told.get_nowait()
        except Empty:
            break
        if told is None:
            worker_state.told.put(None)
            break
        more.append(told)
    return more
