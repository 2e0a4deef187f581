"""Which reassemblers are there: each says so once a second, for health checks, dashboards and people.

    seriatim:1:reassemblers   zset   "<name>|<its store's folder>" -> the server's time, in s

From it readers on the same machine know the store's folder, if no setting names one.
(Redis itself lists consumers that wait for their first message from 7.2 on only.)
"""

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from redis import Redis
from redis.exceptions import NoPermissionError

from seriatim.keys import REASSEMBLERS
from seriatim.scripts import answered
from seriatim.settings import Settings

SHOW_S = 1.0  #: between two times that a reassembler says it is there
SILENT_S = 5.0  #: one that has said nothing for so long does not work
FORGET_S = 3_600  #: what ended is listed no longer


@dataclass(frozen=True, slots=True)
class Reassembler:
    """One that works."""

    name: str  #: host, pid, random part
    store: str  #: the folder that it records into, as its settings have it


def show(redis: "Redis", name: str, store: str) -> None:
    """Say that a reassembler works.

    Raises:
        Unavailable: Redis does not answer.
    """
    with answered():
        now_s = _now_s(redis)
        pipe = redis.pipeline(transaction=False)
        pipe.zadd(REASSEMBLERS, {f"{name}|{store}": now_s})
        pipe.zremrangebyscore(REASSEMBLERS, "-inf", now_s - FORGET_S)
        pipe.expire(REASSEMBLERS, FORGET_S)
        pipe.execute()


def present(redis: "Redis") -> list[Reassembler]:
    """Those that work, by name.

    Raises:
        Unavailable: Redis does not answer.
    """
    with answered():
        found = cast("list[bytes]", redis.zrangebyscore(REASSEMBLERS, _now_s(redis) - SILENT_S, "+inf"))
    parts = (entry.decode(errors="replace").partition("|") for entry in found)
    return sorted((Reassembler(name, store) for name, _, store in parts), key=lambda r: r.name)


def store_folder(redis: "Redis", chosen: str) -> Path:
    """Where recordings are: the `chosen` folder, or without a choice that of this machine's reassemblers.

    Raises:
        Unavailable: Redis does not answer.
    """
    if chosen != Settings().store_dir:
        return Path(chosen)
    try:
        with answered():
            found = cast("list[bytes]", redis.zrange(REASSEMBLERS, 0, -1))
    except NoPermissionError:  # the users of an older deploy/redis: as before, a setting has to say it
        return Path(chosen)
    for entry in reversed(found):  # who said so last counts, though it may have ended since
        name, _, folder = entry.decode(errors="replace").partition("|")
        if name.startswith(f"{socket.gethostname()}.") and Path(folder).parent.is_dir():  # the first recording makes it
            return Path(folder)
    return Path(chosen)


def records_into(redis: "Redis", folder: Path) -> bool:
    """Does a reassembler record into this very folder, or did one of late?

    Raises:
        Unavailable: Redis does not answer.
    """
    try:
        with answered():
            found = cast("list[bytes]", redis.zrange(REASSEMBLERS, 0, -1))
    except NoPermissionError:  # as above
        return False
    return str(folder.resolve()) in {entry.decode(errors="replace").partition("|")[2] for entry in found}


def _now_s(redis: "Redis") -> float:
    seconds, micros = redis.time()
    return seconds + micros / 1e6
