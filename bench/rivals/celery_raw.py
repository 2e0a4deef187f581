"""Celery: tasks that do nothing, without results. No pipeline on Celery can speak more sentences a second than this."""

import time
from dataclasses import replace

from bench.broker import Broker, Profile, started
from bench.measure import Row
from bench.memory import watched
from bench.rivals.celery_app import tick, workers
from bench.rivals.process import WorkerFailed
from bench.work import Work

WAIT_S = 120  #: ten times what 10,000 tasks take


def measure(work: Work, profile: Profile) -> Row:
    """Publish as many tasks as the work has sentences, and wait until the last has run.

    Raises:
        WorkerFailed: the worker did not come up, or tasks were lost.
    """
    with started(profile) as broker, workers(work, broker):
        with watched() as peak:
            total_s = _publish_and_wait(work, broker)
        row = Row(work, profile, durable=True, total_s=total_s, peak_mb=peak.mb)
        return replace(row, redis_peak_mb=broker.peak_mb())


def _publish_and_wait(work: Work, broker: Broker) -> float:
    with broker.connect() as client:
        start = time.perf_counter()
        for _ in range(work.sentences):
            tick.delay(work.sentences)
        if client.blpop(["ticked"], timeout=WAIT_S) is None:
            raise WorkerFailed(f"{client.get('ticks')!r} of {work.sentences} tasks ran within {WAIT_S} s")
        return time.perf_counter() - start
