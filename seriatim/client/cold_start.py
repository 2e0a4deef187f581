"""Cold start: a live request to a pool without workers waits for a scaler to start some, where one is declared.

SERIATIM_COLD_START_S declares it. Requests that wait renew the pool's key `cold`, which lua/pool/signals.lua reports
and a scaler reads as `seriatim_cold_start`. Batch jobs need none of this: a pool without workers accepts them.
"""

import asyncio
import time
from collections.abc import Iterator

from seriatim.client.job_options import JobRequest
from seriatim.client.producer import Producer
from seriatim.keys import pool_prefix
from seriatim.lua.script_calls import translate_redis_errors
from seriatim.records import JobKind

LOOK_S = 0.5  #: between two looks at the pool
SIGN_MS = 30_000  #: a scaler that looks every 15 s sees also a request that waited for a moment


def await_workers(producer: Producer, request: JobRequest) -> None:
    """Return once the pool of a live request has workers, or after SERIATIM_COLD_START_S.

    Raises:
        Unavailable: Redis does not answer.
    """
    for pause_s in _pauses(producer, request):
        time.sleep(pause_s)


async def await_workers_async(producer: Producer, request: JobRequest) -> None:
    """As `await_workers`, and no thread is occupied meanwhile."""
    if not _may_wait(producer, request):
        return
    pauses = _pauses(producer, request)
    while True:
        pause_s = await asyncio.to_thread(next, pauses, None)
        if pause_s is None:
            return
        await asyncio.sleep(pause_s)


def _may_wait(producer: Producer, request: JobRequest) -> bool:
    return producer.settings.cold_start_s > 0 and request.kind is JobKind.LIVE


def _pauses(producer: Producer, request: JobRequest) -> Iterator[float]:
    """How long to pause before each further look at the pool, in s; ends with the wait."""
    if not _may_wait(producer, request):
        return
    pool = request.pool_name or producer.default_pool()
    until_s = time.monotonic() + producer.settings.cold_start_s
    while not producer.pool_cache.get(pool).slots:
        with translate_redis_errors():  # before the time is looked at: also a wait that is over at once leaves the sign
            producer.redis.set(f"{pool_prefix(pool)}:cold", 1, px=SIGN_MS)
        if (rest_s := until_s - time.monotonic()) <= 0:
            return
        yield min(LOOK_S, rest_s)
