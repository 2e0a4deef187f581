"""The heartbeat of a worker process, which renews its leases, and the sweeper.

A heartbeat is one call for the whole process. A process that dies is detected by its absence alone.
"""

import logging
import os
import random
import threading
import time
from typing import cast

from redis import Redis

from seriatim import log as logs
from seriatim.celery_app import BROKEN
from seriatim.dispatch import dispatch, sweep
from seriatim.errors import SeriatimError
from seriatim.exit_codes import ExitCode
from seriatim.keys import drop_list, wake_list
from seriatim.lua import pool_scripts
from seriatim.lua.pool_records import RetryPolicy
from seriatim.lua.script_calls import run
from seriatim.records import TaskMessage
from seriatim.state.pool_record import read_pool
from workers import worker_renewal
from workers.handover.engine_silence import hand_over_silent
from workers.registration import refreshed_registration, warn_if_audio_differs
from workers.worker_gauges import WorkerGauges
from workers.worker_state import RunningAttempt, WorkerState

log = logging.getLogger(__name__)

MAX_LOST_MESSAGES = 3  #: messages lost in a row, after which the process exits; single losses are normal
LATE_SHARE = 0.2  #: of the time between two heartbeats, by which one is late when its machine is short of processors
LOSS_GRACE_FACTOR = 3  #: times message_timeout_ms: a message counts as lost after that time and two sentences'


def heartbeat_loop(worker_state: WorkerState, gauges: WorkerGauges, ended: threading.Event) -> None:
    """Send heartbeats until `ended`. An outage of Redis is waited out, to keep the loaded engine."""
    beat_s, lost = worker_state.pool_client.settings.heartbeat_ms / 1000, -1
    while not _wait(worker_state, ended, beat_s):
        try:
            hand_over_silent(worker_state)
            _exit_if_stuck(worker_state)
            gauges.report() if send_heartbeat(worker_state) else gauges.forget()
            lost = _exit_if_unreached(worker_state, lost)
            _check_lifetime(worker_state)
        except SeriatimError as error:
            log.warning("heartbeat failed", extra={"pool": worker_state.pool_client.pool, "error": str(error)})


def _wait(worker_state: WorkerState, ended: threading.Event, beat_s: float) -> bool:
    """Wait for the next heartbeat; True once `ended`.

    A heartbeat that comes late shows that the process, or its whole machine, stood still: by that time no engine is
    silent.
    """
    began_s = time.monotonic()
    over = ended.wait(beat_s)
    late_s = time.monotonic() - began_s - beat_s
    if late_s > LATE_SHARE * beat_s:
        for attempt in worker_state.running_attempts():
            attempt.last_sound_s += late_s
    return over


def send_heartbeat(worker_state: WorkerState) -> bool:
    """Send one heartbeat with what this process can do, and drop the attempts that it has lost meanwhile.

    Returns False if the registration had expired; the process has then registered again, unless it is leaving.
    """
    pool_client, settings = worker_state.pool_client, worker_state.pool_client.settings
    attempts = worker_state.running_attempts()
    running = [attempt for attempt in attempts if not attempt.handed_over]
    facts = refreshed_registration(worker_state.facts, worker_state.engine, worker_state.speed.offered)
    slots = 0 if worker_state.closed else max(0, facts.slots - (len(attempts) - len(running)))
    messages = [attempt.message for attempt in running]
    call = pool_scripts.beat(
        pool_client.pool, worker_state.owner, settings.lease_ms, slots, settings.lease_ms, messages
    )
    known, lost = run(pool_client.redis, call)
    for attempt in running:
        if attempt.message in lost:
            attempt.reassigned = not known
            attempt.dropped.set()
    if not known:
        log.warning("registration expired; registering again", extra={"owner": worker_state.owner})
    if (not known or facts != worker_state.facts) and not worker_state.draining.is_set():
        register = pool_scripts.register(pool_client.pool, worker_state.owner, settings.lease_ms, facts)
        warn_if_audio_differs(worker_state.owner, facts, run(pool_client.redis, register))
        worker_state.facts = facts
    return known


def _exit_if_unreached(worker_state: WorkerState, lost: int) -> int:
    """End the process if messages are lost while none reaches it, though the broker answers.

    A Celery consumer may receive nothing more after a broker outage (celery #8030, #10205); only a restart helps.
    While Celery reconnects, nothing can arrive, and earlier messages still count as lost for a while after.
    `lost` is the pool's count of lost messages when the last one arrived here, or -1; returns it.
    """
    since_s, grace_s = (
        worker_state.consuming_since_s,
        LOSS_GRACE_FACTOR * worker_state.pool_client.settings.message_timeout_ms / 1000,
    )
    connecting = since_s is None or time.monotonic() - since_s < grace_s
    busy = worker_state.running or worker_state.taken  # or on standby: then no message is fetched
    if worker_state.message_received.is_set() or busy or worker_state.closed or connecting:
        worker_state.message_received.clear()
        return -1
    now_lost = read_pool(worker_state.pool_client.redis, worker_state.pool_client.pool).lost_messages
    if lost < 0:
        return now_lost
    if now_lost - lost < MAX_LOST_MESSAGES or not _broker_answers(worker_state):
        return lost
    if (
        worker_state.consuming_since_s != since_s or worker_state.message_received.is_set()
    ):  # the check takes up to seconds: meanwhile the consumer reconnected, or a message arrived
        return -1
    log.error(
        "consumer receives no messages; exiting for restart",
        extra={"owner": worker_state.owner, "lost": now_lost - lost},
    )
    leave_pool(worker_state)
    os._exit(ExitCode.NO_MESSAGES)


def _check_lifetime(worker_state: WorkerState) -> None:
    """Renew this process if it has reached its limits; exit if a fresh process already exceeds them."""
    fresh = not (worker_state.predecessor_gone or worker_state.running or worker_state.n_finished)
    if fresh and (why := worker_renewal.too_large(worker_state)):
        logs.announce("seriatim worker", why)
        leave_pool(worker_state)
        os._exit(ExitCode.CANNOT_START)
    worker_renewal.renew_if_due(worker_state)


def _broker_answers(worker_state: WorkerState) -> bool:
    try:
        with worker_state.pool_client.app.connection_for_read(connect_timeout=2) as connection:
            connection.ensure_connection(max_retries=1, timeout=2)
    except BROKEN:
        return False
    return True


def _exit_if_stuck(worker_state: WorkerState) -> None:
    """End the process if its engine no longer gives audio: a thread inside a model cannot be stopped."""
    now_s = time.monotonic()
    stuck = [attempt for attempt in worker_state.running_attempts() if attempt.is_stuck(now_s)]
    if not stuck:
        return
    for attempt in stuck:
        message = attempt.message
        silent_s = round(now_s - attempt.last_sound_s, 1)
        log.error(
            "engine stuck; exiting for restart",
            extra={"job": message.job, "seq": message.seq, "attempt": message.attempt, "silent_s": silent_s},
        )
        _report_failure(
            worker_state, attempt, f"the engine is stuck: no audio for {silent_s} s", worker_state.pool_client.retry
        )
    leave_pool(worker_state)
    os._exit(ExitCode.STUCK)


def _report_failure(worker_state: WorkerState, attempt: RunningAttempt, reason: str, retry: RetryPolicy) -> None:
    try:
        run(
            worker_state.pool_client.redis,
            pool_scripts.fail(worker_state.pool_client.pool, attempt.message, attempt.epoch, reason, retry),
        )
    except SeriatimError as error:
        log.warning("failure not reported; lease will expire", extra={"error": str(error)})


def leave_pool(worker_state: WorkerState) -> None:
    """Take this process out of the pool; its running sentences go to others without counting as failures."""
    try:
        run(
            worker_state.pool_client.redis,
            pool_scripts.leave(
                worker_state.pool_client.pool, worker_state.owner, worker_state.pool_client.retry, died=False
            ),
        )
    except SeriatimError as error:
        log.warning("deregistration failed; registration will expire", extra={"error": str(error)})


def sweeper_loop(worker_state: WorkerState, blocking_redis: "Redis", ended: threading.Event) -> None:
    """Sweep about once per interval, dispatch on each wake-up of the pool, and drop attempts that were cancelled."""
    pool_client = worker_state.pool_client
    drop, wake = drop_list(pool_client.pool, worker_state.owner), wake_list(pool_client.pool)
    interval_s = pool_client.settings.sweep_ms / 1000
    due_s = 0.0  # monotonic
    while not ended.is_set():
        try:
            popped = cast("list[bytes] | None", blocking_redis.blpop([drop, wake], timeout=interval_s))
            if popped and popped[0] == drop.encode():
                worker_state.drop_attempt(TaskMessage.parse(popped[1].decode()))
            if (now_s := time.monotonic()) >= due_s:
                due_s = now_s + interval_s  # also if Redis does not answer
                due_s = now_s + interval_s * sweep(pool_client) * random.uniform(0.9, 1.1)
            elif popped and popped[0] == wake.encode():
                dispatch(pool_client)
        except SeriatimError as error:
            log.warning("sweep failed", extra={"pool": pool_client.pool, "error": str(error)})
            ended.wait(interval_s)
