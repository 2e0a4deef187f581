"""Heartbeats of reassemblers, once a second, for health checks, dashboards and people.

    seriatim:1:reassemblers   zset   "<name>|<its store's folder>" -> the server's time, in s

From it readers on the same machine know the store's folder, if no setting names one.
(Redis itself lists consumers that wait for their first message from 7.2 on only.)
"""

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from redis import Redis

from seriatim.errors import CommandRefused
from seriatim.keys import REASSEMBLERS
from seriatim.lua.script_calls import translate_redis_errors
from seriatim.settings import Settings

SHOW_S = 1.0  #: between two times that a reassembler says it is there
SILENT_S = 5.0  #: one that has said nothing for so long does not work
FORGET_S = 3_600  #: what ended is listed no longer


@dataclass(frozen=True, slots=True)
class ReassemblerHeartbeat:
    """One that works."""

    name: str  #: host, pid, random part
    store: str  #: the folder that it records into, as its settings have it


def report_heartbeat(redis: "Redis", name: str, store: str) -> None:
    """Say that a reassembler works.

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
    """Those that work, by name.

    Raises:
        Unavailable: Redis does not answer.
    """
    return sorted(_listed(redis, _now_s(redis) - SILENT_S), key=lambda r: r.name)


def store_folder(redis: "Redis", chosen: str) -> Path:
    """Where recordings are: the `chosen` folder, or without a choice that of this machine's reassemblers.

    Raises:
        Unavailable: Redis does not answer.
    """
    if chosen != Settings().store_dir:
        return Path(chosen)
    for found in reversed(_of_late(redis)):  # the one that said so last counts, though it may have ended since
        folder = Path(found.store)
        if found.name.startswith(f"{socket.gethostname()}.") and folder.parent.is_dir():  # the first recording makes it
            return folder
    return Path(chosen)


def records_into_folder(redis: "Redis", folder: Path) -> bool:
    """Does a reassembler record into this very folder, or did one of late?

    Raises:
        Unavailable: Redis does not answer.
    """
    return str(folder.resolve()) in {found.store for found in _of_late(redis)}


def _of_late(redis: "Redis") -> list[ReassemblerHeartbeat]:
    """Those that are listed, the latest word last; none for users of an older deploy/redis, who may not look."""
    try:
        return _listed(redis, "-inf")
    except CommandRefused as error:
        if error.code != "NOPERM":
            raise
        return []


def _listed(redis: "Redis", since_s: float | str) -> list[ReassemblerHeartbeat]:
    with translate_redis_errors():
        found = cast("list[bytes]", redis.zrangebyscore(REASSEMBLERS, since_s, "+inf"))
    parts = (entry.decode(errors="replace").partition("|") for entry in found)
    return [ReassemblerHeartbeat(name, store) for name, _, store in parts]


def _now_s(redis: "Redis") -> float:
    with translate_redis_errors():
        seconds, micros = redis.time()
    return seconds + micros / 1e6
