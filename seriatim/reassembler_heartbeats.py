"""Heartbeats of reassemblers, once a second, for health checks, dashboards and people.

    seriatim:1:reassemblers   zset   "<name>|<its store>" -> the server's time, in s

Readers on the same machine learn the store (its folder, or its bucket) from it, if no setting names one. (Redis itself
lists consumers that wait for their first message only from 7.2 on.)
"""

import socket
from dataclasses import dataclass
from typing import cast

from redis import Redis

from seriatim.errors import CommandRefused
from seriatim.keys import REASSEMBLERS
from seriatim.lua.script_calls import translate_redis_errors
from seriatim.recordings.store_place import Bucket, StorePlace, place_name, store_place
from seriatim.servers.cluster_client import server_time
from seriatim.settings import Settings

HEARTBEAT_S = 1.0  #: interval
SILENT_S = 5.0  #: time without a heartbeat after which a reassembler counts as dead
FORGET_S = 3_600  #: time after which it is no longer listed


@dataclass(frozen=True, slots=True)
class ReassemblerHeartbeat:
    """The last heartbeat of a reassembler."""

    name: str  #: host, pid, random part
    store: str  #: where its recordings are: the folder, resolved, or the URL of a bucket


def report_heartbeat(redis: "Redis", name: str, store: str) -> None:
    """Report that a reassembler is running.

    Raises:
        Unavailable: Redis does not answer.
    """
    with translate_redis_errors():
        now_s = _now_s(redis)
        pipe = redis.pipeline(transaction=False)
        pipe.zadd(REASSEMBLERS, {f"{name}|{store}": now_s})
        pipe.zremrangebyscore(REASSEMBLERS, "-inf", now_s - FORGET_S)
        pipe.expire(REASSEMBLERS, FORGET_S)
        pipe.execute()


def running_reassemblers(redis: "Redis") -> list[ReassemblerHeartbeat]:
    """The running reassemblers, by name.

    Raises:
        Unavailable: Redis does not answer.
    """
    return sorted(_read_heartbeats(redis, _now_s(redis) - SILENT_S), key=lambda r: r.name)


def store_of_system(redis: "Redis", chosen: str) -> StorePlace:
    """The store of recordings: `chosen`, or by default that of this machine's reassemblers.

    Raises:
        Unavailable: Redis does not answer.
        Misconfigured: `chosen` is a URL, and not one of a bucket.
    """
    if chosen != Settings().store_dir:
        return store_place(chosen)
    for found in reversed(_recent_heartbeats(redis)):  # the latest counts, though it may have ended since
        if found.name.startswith(f"{socket.gethostname()}."):
            place = store_place(found.store)
            if isinstance(place, Bucket) or place.parent.is_dir():  # the first recording creates a folder
                return place
    return store_place(chosen)


def records_into(redis: "Redis", place: StorePlace) -> bool:
    """True if a reassembler records into this very store, or recently did.

    Raises:
        Unavailable: Redis does not answer.
    """
    return place_name(place) in {found.store for found in _recent_heartbeats(redis)}


def _recent_heartbeats(redis: "Redis") -> list[ReassemblerHeartbeat]:
    """All listed heartbeats, latest last; empty for users of an older deploy/redis, who lack the right."""
    try:
        return _read_heartbeats(redis, "-inf")
    except CommandRefused as error:
        if error.code != "NOPERM":
            raise
        return []


def _read_heartbeats(redis: "Redis", since_s: float | str) -> list[ReassemblerHeartbeat]:
    with translate_redis_errors():
        found = cast("list[bytes]", redis.zrangebyscore(REASSEMBLERS, since_s, "+inf"))
    parts = (entry.decode(errors="replace").partition("|") for entry in found)
    return [ReassemblerHeartbeat(name, store) for name, _, store in parts]


def _now_s(redis: "Redis") -> float:
    with translate_redis_errors():
        seconds, micros = server_time(redis, REASSEMBLERS)
    return seconds + micros / 1e6
