"""Renewal: a worker process that has spoken enough, or holds too much memory, ends, and a fresh one takes its place.

It finishes what it speaks and hands its slots back, as at SIGTERM; its supervisor starts the next one at once. One
process of a supervisor at a time: the key `:renew:<group>` holds its index until its successor takes work, so that with
several processes all but one speak on. Whoever finds the key taken speaks on, too, and asks again at its next beat.
"""

import logging
import os
import signal

from seriatim.keys import renewal
from seriatim.lua.script_calls import translate_redis_errors
from workers.worker_gauges import memory
from workers.worker_state import WorkerState

log = logging.getLogger(__name__)

#: a successor that takes no work by then holds up no other renewal: twice what a large model on a slow disk takes
PATIENCE_S = 240


def too_large(worker_state: WorkerState) -> str:
    """Why this process could never be small enough; "" if it can. Asked before it has spoken for anybody."""
    most, held = worker_state.lifetime.memory_bytes, _held_bytes()
    if not most or held < most:
        return ""
    sizes = [f"{n / 2**20:.0f}M" for n in (held, most)]
    return (
        f"a fresh worker process holds {sizes[0]} and may hold {sizes[1]} (SERIATIM_WORKER_MAX_MEMORY): it needs more"
    )


def look(worker_state: WorkerState) -> None:
    """Begin to end this process if that is due, and no sibling is being renewed. For the pulse, and after a sentence.

    Raises:
        Unavailable: Redis does not answer.
    """
    lifetime = worker_state.lifetime
    if not lifetime.group or worker_state.draining.is_set() or worker_state.consumes_s is None:
        return
    if not worker_state.succeeded:
        _succeed(worker_state)
    why = lifetime.over(worker_state.spoken, _held_bytes() if lifetime.memory_bytes else 0.0)
    if why and _take(worker_state):
        log.info("a worker process makes room for a fresh one", extra={"owner": worker_state.owner} | why)
        os.kill(os.getpid(), signal.SIGTERM)


def _succeed(worker_state: WorkerState) -> None:
    """This process takes work: the one before it has been renewed, and the next may be."""
    redis, key = worker_state.pool_client.redis, _key(worker_state)
    with worker_state.turn, translate_redis_errors():
        if not worker_state.succeeded and redis.get(key) == worker_state.lifetime.index.encode():
            redis.delete(key)
    worker_state.succeeded = True


def _take(worker_state: WorkerState) -> bool:
    """Is it this process's turn?"""
    with worker_state.turn, translate_redis_errors():
        if not worker_state.renewing.is_set() and worker_state.pool_client.redis.set(
            _key(worker_state), worker_state.lifetime.index, nx=True, ex=PATIENCE_S
        ):
            worker_state.renewing.set()
            return True
    return False


def _key(worker_state: WorkerState) -> str:
    return renewal(worker_state.pool_client.pool, worker_state.lifetime.group)


def _held_bytes() -> float:
    return memory().get("memory_bytes", 0.0)
