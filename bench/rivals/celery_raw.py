"""Raw Celery: tasks that do nothing, without results. No pipeline on Celery speaks more sentences a second than this.

Nor can a first sound come sooner than one of them after another is published and has run.
"""

import statistics
import time
from dataclasses import replace

from bench.broker import BenchBroker, Profile, started
from bench.measure import Row
from bench.memory import watched
from bench.rivals.celery_app import tick, workers
from bench.rivals.process import WorkerFailed
from bench.work import Work

WARM_UP = 20  #: round trips that do not count
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


def measure_round_trips(work: Work, profile: Profile) -> Row:
    """Publish one task, wait until it has run, and again: as `first_audio_ms` the median, in `total_s` all of them.

    Raises:
        WorkerFailed: the worker did not come up, or a task was lost.
    """
    one = replace(work, sentences=1)
    with started(profile) as broker, workers(one, broker):
        times_s = [_publish_and_wait(one, broker) for _ in range(WARM_UP + work.sentences)][WARM_UP:]
    return Row(work, profile, durable=True, first_audio_ms=1000 * statistics.median(times_s), total_s=sum(times_s))


def _publish_and_wait(work: Work, broker: BenchBroker) -> float:
    with broker.connect() as client:
        client.delete("ticks")
        start = time.perf_counter()
        for _ in range(work.sentences):
            tick.delay(work.sentences)
        if client.blpop(["ticked"], timeout=WAIT_S) is None:
            raise WorkerFailed(f"{client.get('ticks')!r} of {work.sentences} tasks ran within {WAIT_S} s")
        return time.perf_counter() - start
