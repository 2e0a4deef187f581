"""Renewal: a worker process that reaches its limit of sentences or memory exits, and a fresh one replaces it.

It finishes its sentences and gives up its slots, as at SIGTERM; its supervisor starts the next one at once. One process
of a supervisor is renewed at a time: the key `:renew:<group>` holds its index until its successor takes work, so that
all others keep speaking. A process that finds the key taken continues, too, and tries again at its next heartbeat.
"""

import logging
import os
import signal

from seriatim.keys import renewal
from seriatim.lua.script_calls import translate_redis_errors
from workers.worker_gauges import process_memory
from workers.worker_state import WorkerState

log = logging.getLogger(__name__)

#: after this time a successor that takes no work blocks no other renewal: twice the start of a large model on a slow
#: disk
TURN_TTL_S = 240


def too_large(worker_state: WorkerState) -> str:
    """The reason why even a fresh process exceeds its memory limit, or ""; checked before its first sentence."""
    max_bytes, held_bytes = worker_state.lifetime.memory_bytes, _held_bytes()
    if not max_bytes or held_bytes < max_bytes:
        return ""
    sizes = [f"{n / 2**20:.0f}M" for n in (held_bytes, max_bytes)]
    return (
        f"a fresh worker process holds {sizes[0]}, more than SERIATIM_WORKER_MAX_MEMORY allows ({sizes[1]}); raise it"
    )


def renew_if_due(worker_state: WorkerState) -> None:
    """Start to drain this process if it has reached a limit and no sibling is being renewed.

    Raises:
        Unavailable: Redis does not answer.
    """
    lifetime = worker_state.lifetime
    if not lifetime.group or worker_state.draining.is_set() or worker_state.consuming_since_s is None:
        return
    if not worker_state.predecessor_gone:
        _release_turn(worker_state)
    reason = lifetime.exceeded_limit(worker_state.n_finished, _held_bytes() if lifetime.memory_bytes else 0.0)
    if reason and _take_turn(worker_state):
        log.info("worker process exits for renewal", extra={"owner": worker_state.owner} | reason)
        os.kill(os.getpid(), signal.SIGTERM)


def _release_turn(worker_state: WorkerState) -> None:
    """Release the turn that the predecessor took: this process takes work, so the next sibling may be renewed."""
    redis, key = worker_state.pool_client.redis, _renewal_key(worker_state)
    with worker_state.renewal_lock, translate_redis_errors():
        if not worker_state.predecessor_gone and redis.get(key) == worker_state.lifetime.index.encode():
            redis.delete(key)
    worker_state.predecessor_gone = True


def _take_turn(worker_state: WorkerState) -> bool:
    """True if this process may be renewed now."""
    with worker_state.renewal_lock, translate_redis_errors():
        if not worker_state.renewing.is_set() and worker_state.pool_client.redis.set(
            _renewal_key(worker_state), worker_state.lifetime.index, nx=True, ex=TURN_TTL_S
        ):
            worker_state.renewing.set()
            return True
    return False


def _renewal_key(worker_state: WorkerState) -> str:
    return renewal(worker_state.pool_client.pool, worker_state.lifetime.group)


def _held_bytes() -> float:
    return process_memory().get("memory_bytes", 0.0)
