"""A busy engine: its server accepts no request now, so that the sentence of an attempt is postponed.

The pool decides how many sentences all its workers may speak from then on (seriatim/lua/pool/postpone.lua).
"""

import logging
import random

from seriatim.engine import ServerLimits
from seriatim.errors import BUSY_SCOPES, EngineBusy
from seriatim.lua import pool_scripts
from seriatim.lua.script_calls import run
from workers.attempt_outcome import AttemptOutcome
from workers.worker_state import ReportedOutcome, RunningAttempt, WorkerState

log = logging.getLogger(__name__)

MIN_RETRY_AFTER_S, MAX_RETRY_AFTER_S = 0.05, 3600.0  #: bounds of what an engine says
JITTER_SHARE = 0.25  #: sentences return later by up to this share, so that they do not return all at once


def report_postponed(worker_state: WorkerState, attempt: RunningAttempt, busy: EngineBusy) -> AttemptOutcome:
    """Queue the postponement for the result reporter; another attempt follows, and nothing is blamed."""
    pool_client, message = worker_state.pool_client, attempt.message
    wait_s = min(max(busy.retry_after_s, MIN_RETRY_AFTER_S), MAX_RETRY_AFTER_S)
    retry_after_ms = round(wait_s * 1000 * (1 + JITTER_SHARE * random.random()))
    scope = busy.scope if busy.scope in BUSY_SCOPES else "system"  # an engine of another package may say anything
    names = {"job": message.job, "seq": message.seq, "attempt": message.attempt}
    log.info("attempt postponed", extra=names | {"retry_after_ms": retry_after_ms, "scope": scope, "why": str(busy)})
    attempt.span.note(postponed=scope)
    call = pool_scripts.postpone(pool_client.pool, message, attempt.epoch, retry_after_ms, scope)
    worker_state.outcomes.put(ReportedOutcome(message, call))
    return AttemptOutcome("POSTPONED", f"{scope}: {busy}")


def report_limits(worker_state: WorkerState, limits: ServerLimits) -> None:
    """Pass on what the engine's server reported of its limits."""
    run(worker_state.pool_client.redis, pool_scripts.report_limits(worker_state.pool_client.pool, limits))
