"""Engine silence: how long an engine may give no sound for a sentence, and what follows when it lasts longer.

A live sentence is handed over: another process speaks it, too, and from its beginning on the first one is refused. If
the silence lasts, the process that handed it over ends, since a thread inside a model cannot be stopped. Both limits
follow the silences that the pool measured (seriatim/lua/pool/shared/silence.lua); until those are known, and for batch
work and engines of other machines, which may be paid for, the stall timeout alone counts.

Any chunk of audio, however short, ends a silence; but an engine that trickles makes the listener wait just as long. So
a sentence is handed over, too, when its engine has taken twice the time that the pool expects, and a silence more.
After twice that, its attempt is dropped at its next chunk: no process need end for it.
"""

import logging
import time
from collections.abc import Iterator

from seriatim.engine import AudioChunk
from seriatim.errors import SeriatimError
from seriatim.lua import pool_scripts
from seriatim.lua.pool_records import ClaimResult
from seriatim.lua.script_calls import run
from seriatim.settings import Settings
from workers.engines.engine_catalogue import engine_profiles
from workers.worker_state import RunningAttempt, SilenceLimits, WorkerState

log = logging.getLogger(__name__)

HANDOVER_FACTOR, END_FACTOR = 2, 4  #: times the expected silence: then it is handed over, then its process ends


def silence_limits(settings: Settings, engine_name: str, claimed: ClaimResult) -> SilenceLimits:
    """The limits of a claimed sentence."""
    stalled_ms = max(settings.stall_timeout_ms, 2 * claimed.expected_ms)
    profile = engine_profiles().get(engine_name)
    elsewhere = profile is not None and profile.one_process
    if not (settings.handover_ms and claimed.silence_ms) or elsewhere:
        return SilenceLimits(stalled_ms / 1000)
    handover_ms = max(settings.handover_ms, HANDOVER_FACTOR * claimed.silence_ms)
    end_ms = max(settings.handover_ms * END_FACTOR // HANDOVER_FACTOR, END_FACTOR * claimed.silence_ms)
    most_engine_ms = handover_ms + HANDOVER_FACTOR * claimed.expected_ms
    return SilenceLimits(stalled_ms / 1000, min(stalled_ms, end_ms) / 1000, handover_ms / 1000, most_engine_ms / 1000)


def timed_chunks(attempt: RunningAttempt, chunks: Iterator[AudioChunk]) -> Iterator[AudioChunk]:
    """The chunks of an engine; the time that it takes for each is noted in `attempt`, the time between them is not."""
    while True:
        attempt.enter_engine()
        try:
            chunk = next(chunks, None)
        finally:
            attempt.leave_engine()
        if chunk is None:
            return
        yield chunk


def hand_over_silent(worker_state: WorkerState) -> None:
    """Have other processes speak the sentences for which the engine has given too little sound for too long."""
    pool_client, now_s = worker_state.pool_client, time.monotonic()
    for attempt in worker_state.running_attempts():
        overdue_s = attempt.overdue_s(now_s)
        if attempt.handed_over and attempt.engine_s > attempt.limits.most_engine_s * END_FACTOR / HANDOVER_FACTOR:
            attempt.dropped.set()
        if attempt.handed_over or not overdue_s:
            continue
        call = pool_scripts.handover(
            pool_client.pool, attempt.message, worker_state.owner, attempt.epoch, overdue_s * 1000
        )
        try:
            attempt.handed_over = run(pool_client.redis, call)
        except SeriatimError as error:
            log.warning("sentence not handed over", extra={"job": attempt.message.job, "error": str(error)})
            continue
        if attempt.handed_over:
            log.warning(
                "engine silent; another process speaks the sentence, too",
                extra={
                    "job": attempt.message.job, "seq": attempt.message.seq, "attempt": attempt.message.attempt,
                    "silent_s": round(attempt.silent_s(now_s), 1), "overdue_s": round(overdue_s, 1),
                },
            )  # fmt: skip
