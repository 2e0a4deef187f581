"""Renewal: a worker process that has spoken enough, or holds too much memory, ends, and a fresh one takes its place.

It finishes what it speaks and hands its slots back, as at SIGTERM; its supervisor starts the next one at once. One
process of a supervisor at a time: the key `:renew:<group>` holds its index until its successor takes work, so that with
several processes all but one speak on. Whoever finds the key taken speaks on, too, and asks again at its next beat.
"""

import logging
import os
import signal

from seriatim.keys import pool_prefix
from seriatim.scripts import answered
from workers.gauges import memory
from workers.station import Station

log = logging.getLogger(__name__)

#: a successor that takes no work by then holds up no other renewal: twice what a large model on a slow disk takes
PATIENCE_S = 240


def too_large(station: Station) -> str:
    """Why this process could never be small enough; "" if it can. Asked before it has spoken for anybody."""
    most, held = station.lifetime.memory_bytes, _held_bytes()
    if not most or held < most:
        return ""
    sizes = [f"{n / 2**20:.0f}M" for n in (held, most)]
    return f"a fresh worker process holds {sizes[0]} and may hold {sizes[1]} (SERIATIM_WORKER_MEMORY): it needs more"


def look(station: Station) -> None:
    """Begin to end this process if that is due, and no sibling is being renewed. For the pulse, and after a sentence.

    Raises:
        Unavailable: Redis does not answer.
    """
    lifetime = station.lifetime
    if not lifetime.group or station.draining.is_set() or station.consumes_s is None:
        return
    if not station.succeeded:
        _succeed(station)
    why = lifetime.over(station.spoken, _held_bytes() if lifetime.memory_bytes else 0.0)
    if why and _take(station):
        log.info("a worker process makes room for a fresh one", extra={"owner": station.owner} | why)
        os.kill(os.getpid(), signal.SIGTERM)


def _succeed(station: Station) -> None:
    """This process takes work: the one before it has been renewed, and the next may be."""
    redis, key = station.desk.redis, _key(station)
    with station.turn, answered():
        if not station.succeeded and redis.get(key) == station.lifetime.index.encode():
            redis.delete(key)
    station.succeeded = True


def _take(station: Station) -> bool:
    """Is it this process's turn?"""
    with station.turn, answered():
        if not station.renewing.is_set() and station.desk.redis.set(
            _key(station), station.lifetime.index, nx=True, ex=PATIENCE_S
        ):
            station.renewing.set()
            return True
    return False


def _key(station: Station) -> str:
    return f"{pool_prefix(station.desk.pool)}:renew:{station.lifetime.group}"


def _held_bytes() -> float:
    return memory().get("memory_bytes", 0.0)
