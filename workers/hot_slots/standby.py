"""Standby: an idle slot of a light engine waits in Redis for its next sentence, for a moment.

What is picked meanwhile, by whichever process, is given to it in the same step (lua/pool/shared/standby.lua): no
message and no broker lie between a text and its first sound. Celery counts the slot as busy, so that it fetches no
message for it, and nothing is dispatched by message that only such a slot could take. It goes back to Celery after
STANDBY_S, or at once where its process is drained or paused. If it dies, the outbox has what it was given, and the
sweep publishes that.

Where the engine is of this process, it begins before the claim is answered (early_start.py).
"""

import threading
from contextlib import suppress
from typing import cast

from seriatim.errors import SeriatimError
from seriatim.keys import EARLY_SLOT, standby_list, standby_slots
from seriatim.lua.pool_records import StandbySentence
from seriatim.servers.redis_clients import BLOCK_S, block_of
from seriatim.servers.redis_errors import translate_redis_errors
from workers.hot_slots.early_start import runs_here
from workers.worker_state import WorkerState

STANDBY_S = (
    BLOCK_S  #: one blocking read: the next turn of a dialogue, and the next piece of a text that is being written
)


def slot_name(worker_state: WorkerState) -> str:
    """The name of this thread's slot in its process; "" if it cannot be on standby."""
    if worker_state.waiting_redis is None:
        return ""
    return f"{threading.get_native_id()}{EARLY_SLOT if runs_here(worker_state.engine.name) else ''}"


def await_sentence(worker_state: WorkerState) -> StandbySentence | None:
    """Wait for the sentence that this slot is given, which it was put on standby for; None: it goes back to Celery."""
    redis, pool = worker_state.waiting_redis, worker_state.pool_client.pool
    if redis is None:
        return None
    slot = f"{worker_state.owner}|{slot_name(worker_state)}"
    entry = None
    with suppress(SeriatimError), translate_redis_errors():  # the heartbeat writes that Redis is away
        popped = cast("list[bytes] | None", redis.blpop([standby_list(pool, slot)], timeout=block_of(redis, STANDBY_S)))
        entry = popped[1] if popped else _leave(worker_state, slot)
    if not entry:
        return None
    sentence = StandbySentence.parse(entry.decode())
    if worker_state.closed:  # since a moment
        worker_state.outcomes.put((sentence.message,))
        return None
    return sentence


def _leave(worker_state: WorkerState, slot: str) -> bytes | None:
    """Leave standby; returns what the slot was given at the last moment."""
    redis, pool = worker_state.pool_client.redis, worker_state.pool_client.pool
    if redis.zrem(standby_slots(pool), slot):
        return None
    return cast("bytes | None", redis.rpop(standby_list(pool, slot)))
