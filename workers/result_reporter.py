"""The result reporter: a thread that reports finished sentences to the pool, picks the next and publishes them.

It works beside the speaking threads, so that a slot takes its next message as soon as it has spoken. Sentences that end
meanwhile are reported together, in one round trip. If the process dies first, the leases of the rest expire.
"""

import logging
from queue import Empty

from seriatim.dispatch import pick_call, publish_picked
from seriatim.errors import SeriatimError
from seriatim.lua.script_calls import run_many
from workers.fenced_attempts import refused_calls
from workers.worker_state import ReportedOutcome, WorkerState

log = logging.getLogger(__name__)

MAX_BATCH = 32  #: sentences reported in one round trip: bounds the time that the server is busy


def report_results(worker_state: WorkerState) -> None:
    """Report outcomes and publish the next messages until the queue yields None."""
    while (first := worker_state.outcomes.get()) is not None:
        outcomes = [first]
        try:
            outcomes += _waiting_results(worker_state)
            *answers, messages = run_many(
                worker_state.pool_client.redis,
                [*(outcome.call for outcome in outcomes), pick_call(worker_state.pool_client)],
            )
            publish_picked(worker_state.pool_client, messages)
            run_many(worker_state.pool_client.redis, refused_calls(worker_state, outcomes, answers))
        except SeriatimError as error:
            log.warning(
                "outcomes not reported; leases will expire", extra={"sentences": len(outcomes), "error": str(error)}
            )
        finally:
            for outcome in outcomes:
                worker_state.remove_attempt(outcome.message)


def _waiting_results(worker_state: WorkerState) -> list[ReportedOutcome]:
    """The other outcomes that are waiting, MAX_BATCH - 1 at most."""
    more: list[ReportedOutcome] = []
    while len(more) < MAX_BATCH - 1:
        try:
            outcomes = worker_state.outcomes.get_nowait()
        except Empty:
            break
        if outcomes is None:
            worker_state.outcomes.put(None)
            break
        more.append(outcomes)
    return more
