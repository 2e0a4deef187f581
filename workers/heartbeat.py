"""The heartbeat of a worker process, which keeps its leases alive, and the sweeper.

The pulse is one call a beat for the whole process. It is what makes a dead process visible: nothing else says that
it lives.
"""

import logging
import os
import sys
import threading
import time
from typing import cast

from redis import Redis

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
from workers.registration import refreshed_registration
from workers.worker_gauges import WorkerGauges
from workers.worker_state import RunningAttempt, WorkerState

log = logging.getLogger(__name__)

DEAF_AFTER = 3  #: messages lost in a row; single ones are lost now and then
LATE_LOSSES = 3  #: times publish_ms: a message counts as lost after that time and two sentences'


def heartbeat_loop(worker_state: WorkerState, gauges: WorkerGauges, ended: threading.Event) -> None:
    """Beat until `ended`. An outage of Redis is waited out: there is nothing better to do with a loaded engine."""
    beat_s, lost = worker_state.pool_client.settings.heartbeat_ms / 1000, -1
    while not ended.wait(beat_s):
        try:
            _exit_if_stuck(worker_state)
            gauges.show() if send_heartbeat(worker_state) else gauges.forget()
            lost = _exit_if_deaf(worker_state, lost)
            _renew(worker_state)
        except SeriatimError as error:
            log.warning("no beat", extra={"pool": worker_state.pool_client.pool, "error": str(error)})


def send_heartbeat(worker_state: WorkerState) -> bool:
    """Say once that this process lives and what it can do, and learn what it has lost meanwhile.

    False: the pool had forgotten the process, which has registered again unless it is leaving.
    """
    pool_client, running = worker_state.pool_client, worker_state.snapshot()
    settings = pool_client.settings
    facts = refreshed_registration(worker_state.facts, worker_state.engine)
    slots = 0 if worker_state.closed else facts.slots
    messages = [speaking.message for speaking in running]
    call = pool_scripts.beat(
        pool_client.pool, worker_state.owner, settings.lease_ms, slots, settings.lease_ms, messages
    )
    known, lost = run(pool_client.redis, call)
    for speaking in running:
        if speaking.message in lost:
            speaking.taken = not known
            speaking.dropped.set()
    if not known:
        log.warning("registering again: this process was taken for dead", extra={"owner": worker_state.owner})
    if (not known or facts != worker_state.facts) and not worker_state.draining.is_set():
        run(pool_client.redis, pool_scripts.register(pool_client.pool, worker_state.owner, settings.lease_ms, facts))
        worker_state.facts = facts
    return known


def _exit_if_deaf(worker_state: WorkerState, lost: int) -> int:
    """End the process if messages are lost while none reaches it, though the broker answers.

    A Celery consumer may go deaf after the broker was away (celery #8030, #10205); only a new one hears again.
    While Celery connects again nothing can come, and what was sent before is counted as lost for a while after.
    `lost` is the pool's count of lost messages when the last one came here, or -1; returns it.
    """
    since_s, grace_s = (
        worker_state.consumes_s,
        LATE_LOSSES * worker_state.pool_client.settings.message_timeout_ms / 1000,
    )
    connecting = since_s is None or time.monotonic() - since_s < grace_s
    if worker_state.reached.is_set() or worker_state.running or worker_state.closed or connecting:
        worker_state.reached.clear()
        return -1
    now_lost = read_pool(worker_state.pool_client.redis, worker_state.pool_client.pool).lost_messages
    if lost < 0:
        return now_lost
    if now_lost - lost < DEAF_AFTER or not _broker_answers(worker_state):
        return lost
    if (
        worker_state.consumes_s != since_s or worker_state.reached.is_set()
    ):  # asking takes up to seconds: it has heard by itself
        return -1
    log.error(
        "deaf: messages are lost and none comes here", extra={"owner": worker_state.owner, "lost": now_lost - lost}
    )
    leave_pool(worker_state)
    os._exit(ExitCode.DEAF)


def _renew(worker_state: WorkerState) -> None:
    """See whether this process has lived long enough; at its first look, whether it may live at all."""
    fresh = not (worker_state.succeeded or worker_state.running or worker_state.spoken)
    if fresh and (why := worker_renewal.too_large(worker_state)):
        sys.stderr.write(f"seriatim worker: {why}\n")
        sys.stderr.flush()
        leave_pool(worker_state)
        os._exit(ExitCode.CANNOT_START)
    worker_renewal.look(worker_state)


def _broker_answers(worker_state: WorkerState) -> bool:
    try:
        with worker_state.pool_client.app.connection_for_read(connect_timeout=2) as connection:
            connection.ensure_connection(max_retries=1, timeout=2)
    except BROKEN:
        return False
    return True


def _exit_if_stuck(worker_state: WorkerState) -> None:
    """End the process if its engine gives no sound any more: a thread in a model cannot be stopped."""
    now_s = time.monotonic()
    stuck = [speaking for speaking in worker_state.snapshot() if speaking.stuck(now_s)]
    if not stuck:
        return
    for speaking in stuck:
        message = speaking.message
        silent_s = round(now_s - speaking.heard_s, 1)
        log.error(
            "stuck", extra={"job": message.job, "seq": message.seq, "attempt": message.attempt, "silent_s": silent_s}
        )
        _give_up(
            worker_state, speaking, f"the engine was stuck: no sound for {silent_s} s", worker_state.pool_client.retry
        )
    leave_pool(worker_state)
    os._exit(ExitCode.STUCK)


def _give_up(worker_state: WorkerState, speaking: RunningAttempt, reason: str, retry: RetryPolicy) -> None:
    try:
        run(
            worker_state.pool_client.redis,
            pool_scripts.fail(worker_state.pool_client.pool, speaking.message, speaking.epoch, reason, retry),
        )
    except SeriatimError as error:
        log.warning("its lease will expire instead", extra={"error": str(error)})


def leave_pool(worker_state: WorkerState) -> None:
    """Take this process out of the pool; what it still speaks goes to others, nobody blamed."""
    try:
        run(
            worker_state.pool_client.redis,
            pool_scripts.leave(
                worker_state.pool_client.pool, worker_state.owner, worker_state.pool_client.retry, died=False
            ),
        )
    except SeriatimError as error:
        log.warning("its registration will expire instead", extra={"error": str(error)})


def sweeper_loop(worker_state: WorkerState, waiting: "Redis", ended: threading.Event) -> None:
    """Sweep once an interval, hand out work whenever somebody rings the pool's wake-up, and drop what was cancelled."""
    pool_client = worker_state.pool_client
    drop, wake = drop_list(pool_client.pool, worker_state.owner), wake_list(pool_client.pool)
    interval_s = pool_client.settings.sweep_ms / 1000
    swept_s = 0.0
    while not ended.is_set():
        try:
            rung = cast("list[bytes] | None", waiting.blpop([drop, wake], timeout=interval_s))
            if rung and rung[0] == drop.encode():
                worker_state.drop(TaskMessage.parse(rung[1].decode()))
            if time.monotonic() - swept_s >= interval_s:
                swept_s = time.monotonic()
                sweep(pool_client)
            elif rung and rung[0] == wake.encode():
                dispatch(pool_client)
        except SeriatimError as error:
            log.warning("no sweep", extra={"pool": pool_client.pool, "error": str(error)})
            ended.wait(interval_s)
