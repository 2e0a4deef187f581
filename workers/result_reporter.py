"""The result reporter: a thread that reports finished sentences to the pool, picks the next and publishes them.

It works beside the speaking threads, so that a slot takes its next message as soon as it has spoken. Sentences that end
meanwhile are reported together, in one round trip. If the process dies first, the leases of the rest expire.
"""

import logging
from queue import Empty

from seriatim.dispatch import pick_call, publish_picked
from seriatim.errors import SeriatimError
from seriatim.lua.script_calls import run_many
from seriatim.records import TaskMessage
from workers.fenced_attempts import refused_calls
from workers.worker_state import ReportedOutcome, WorkerState

log = logging.getLogger(__name__)

MAX_BATCH = 32  #: sentences reported in one round trip: bounds the time that the server is busy


def report_results(worker_state: WorkerState) -> None:
    """Report outcomes and publish the next messages until the queue yields None."""
    while (first := worker_state.outcomes.get()) is not None:
        entries = [first]
        try:
            entries += _waiting_entries(worker_state)
            messages = [message for entry in entries if isinstance(entry, tuple) for message in entry]
            _publish(worker_state, tuple(messages))
            _report(worker_state, _outcomes_of(entries))
        except SeriatimError as error:
            facts = {"sentences": len(_outcomes_of(entries)), "error": str(error)}
            log.warning("outcomes not reported; leases will expire", extra=facts)
        finally:
            for outcome in _outcomes_of(entries):
                worker_state.remove_attempt(outcome.message)


def _outcomes_of(entries: list[ReportedOutcome | tuple[TaskMessage, ...]]) -> list[ReportedOutcome]:
    return [entry for entry in entries if isinstance(entry, ReportedOutcome)]


def _report(worker_state: WorkerState, outcomes: list[ReportedOutcome]) -> None:
    """Report outcomes, pick the next sentences and publish them."""
    if not outcomes:
        return
    pool_client = worker_state.pool_client
    calls = [*(outcome.call for outcome in outcomes), pick_call(pool_client)]
    *answers, messages = run_many(pool_client.redis, calls)
    _publish(worker_state, messages)
    run_many(pool_client.redis, refused_calls(worker_state, outcomes, answers))


def _publish(worker_state: WorkerState, messages: tuple[TaskMessage, ...]) -> None:
    """Publish messages, unless the broker is away: a broker that says nothing must not delay the outcomes behind them.

    The outbox has them; this process takes what it has slots for, and the pool's sweep publishes the others.
    """
    if not worker_state.broker_away.is_set():
        publish_picked(worker_state.pool_client, messages)


def _waiting_entries(worker_state: WorkerState) -> list[ReportedOutcome | tuple[TaskMessage, ...]]:
    """The other entries that are waiting, MAX_BATCH - 1 at most."""
    more: list[ReportedOutcome | tuple[TaskMessage, ...]] = []
    while len(more) < MAX_BATCH - 1:
        try:
            entry = worker_state.outcomes.get_nowait()
        except Empty:
            break
        if entry is None:
            worker_state.outcomes.put(None)
            break
        more.append(entry)
    return more
