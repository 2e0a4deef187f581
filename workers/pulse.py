"""The threads beside the speaking ones: the pulse, which keeps leases alive, and the sweeper.

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

from seriatim import pool
from seriatim.errors import SeriatimError
from seriatim.exits import Exit
from seriatim.keys import pool_prefix
from seriatim.pool import Retry
from seriatim.records import Doorbell
from seriatim.scripts import run
from tasks.app import BROKEN
from tasks.dispatch import dispatch, sweep
from workers import renewal
from workers.facts import as_it_is_now
from workers.gauges import Gauges
from workers.station import Speaking, Station

log = logging.getLogger(__name__)

DEAF_AFTER = 3  #: messages lost in a row; single ones are lost now and then
LATE_LOSSES = 3  #: times publish_ms: a message counts as lost after that time and two sentences'


def pulse(station: Station, gauges: Gauges, ended: threading.Event) -> None:
    """Beat until `ended`. An outage of Redis is waited out: there is nothing better to do with a loaded engine."""
    beat_s, lost = station.desk.settings.beat_ms / 1000, -1
    while not ended.wait(beat_s):
        try:
            _watch(station)
            gauges.show() if beat(station) else gauges.forget()
            lost = _listen(station, lost)
            _renew(station)
        except SeriatimError as error:
            log.warning("no beat", extra={"pool": station.desk.pool, "error": str(error)})


def beat(station: Station) -> bool:
    """Say once that this process lives and what it can do, and learn what it has lost meanwhile.

    False: the pool had forgotten the process, which has registered again unless it is leaving.
    """
    desk, running = station.desk, station.snapshot()
    settings = desk.settings
    facts = as_it_is_now(station.facts, station.engine)
    slots = 0 if station.closed else facts.slots
    bells = [speaking.bell for speaking in running]
    call = pool.beat(desk.pool, station.owner, settings.lease_ms, slots, settings.lease_ms, bells)
    known, lost = run(desk.redis, call)
    for speaking in running:
        if speaking.bell in lost:
            speaking.taken = not known
            speaking.dropped.set()
    if not known:
        log.warning("registering again: this process was taken for dead", extra={"owner": station.owner})
    if (not known or facts != station.facts) and not station.draining.is_set():
        run(desk.redis, pool.register(desk.pool, station.owner, settings.lease_ms, facts))
        station.facts = facts
    return known


def _listen(station: Station, lost: int) -> int:
    """End the process if messages are lost while none reaches it, though the broker answers.

    A Celery consumer may go deaf after the broker was away (celery #8030, #10205); only a new one hears again.
    While Celery connects again nothing can come, and what was sent before is counted as lost for a while after.
    `lost` is the pool's count of lost messages when the last one came here, or -1; returns it.
    """
    since_s, grace_s = station.consumes_s, LATE_LOSSES * station.desk.settings.publish_ms / 1000
    connecting = since_s is None or time.monotonic() - since_s < grace_s
    if station.reached.is_set() or station.running or station.closed or connecting:
        station.reached.clear()
        return -1
    now_lost = int(station.desk.redis.hget(f"{pool_prefix(station.desk.pool)}:m", "lost_messages") or 0)
    if lost < 0:
        return now_lost
    if now_lost - lost < DEAF_AFTER or not _broker_answers(station):
        return lost
    if station.consumes_s != since_s or station.reached.is_set():  # asking takes up to seconds: it has heard by itself
        return -1
    log.error("deaf: messages are lost and none comes here", extra={"owner": station.owner, "lost": now_lost - lost})
    leave(station)
    os._exit(Exit.DEAF)


def _renew(station: Station) -> None:
    """See whether this process has lived long enough; at its first look, whether it may live at all."""
    fresh = not (station.succeeded or station.running or station.spoken)
    if fresh and (why := renewal.too_large(station)):
        sys.stderr.write(f"seriatim worker: {why}\n")
        sys.stderr.flush()
        leave(station)
        os._exit(Exit.CANNOT_START)
    renewal.look(station)


def _broker_answers(station: Station) -> bool:
    try:
        with station.desk.app.connection_for_read(connect_timeout=2) as connection:
            connection.ensure_connection(max_retries=1, timeout=2)
    except BROKEN:
        return False
    return True


def _watch(station: Station) -> None:
    """End the process if its engine gives no sound any more: a thread in a model cannot be stopped."""
    now_s = time.monotonic()
    stuck = [speaking for speaking in station.snapshot() if speaking.stuck(now_s)]
    if not stuck:
        return
    for speaking in stuck:
        bell = speaking.bell
        silent_s = round(now_s - speaking.heard_s, 1)
        log.error("stuck", extra={"job": bell.job, "seq": bell.seq, "attempt": bell.attempt, "silent_s": silent_s})
        _give_up(station, speaking, f"the engine was stuck: no sound for {silent_s} s", station.desk.retry)
    leave(station)
    os._exit(Exit.STUCK)


def _give_up(station: Station, speaking: Speaking, reason: str, retry: Retry) -> None:
    try:
        run(station.desk.redis, pool.fail(station.desk.pool, speaking.bell, speaking.epoch, reason, retry))
    except SeriatimError as error:
        log.warning("its lease will expire instead", extra={"error": str(error)})


def leave(station: Station) -> None:
    """Take this process out of the pool; what it still speaks goes to others, nobody blamed."""
    try:
        run(station.desk.redis, pool.leave(station.desk.pool, station.owner, station.desk.retry, died=False))
    except SeriatimError as error:
        log.warning("its registration will expire instead", extra={"error": str(error)})


def sweeper(station: Station, waiting: "Redis", ended: threading.Event) -> None:
    """Sweep once an interval, hand out work whenever somebody rings the pool's wake-up, and drop what was cancelled."""
    desk, prefix = station.desk, pool_prefix(station.desk.pool)
    drop, wake, interval_s = f"{prefix}:drop:{station.owner}", f"{prefix}:wake", desk.settings.sweep_ms / 1000
    swept_s = 0.0
    while not ended.is_set():
        try:
            rung = cast("list[bytes] | None", waiting.blpop([drop, wake], timeout=interval_s))
            if rung and rung[0] == drop.encode():
                station.drop(Doorbell.parse(rung[1].decode()))
            if time.monotonic() - swept_s >= interval_s:
                swept_s = time.monotonic()
                sweep(desk)
            elif rung and rung[0] == wake.encode():
                dispatch(desk)
        except SeriatimError as error:
            log.warning("no sweep", extra={"pool": desk.pool, "error": str(error)})
            ended.wait(interval_s)
