"""The clerk: the thread that tells the pool what became of sentences, asks who speaks next, and rings for them.

It works beside the speaking threads, so that a slot that has spoken takes its next message at once. Sentences that end
while it is at work are told together, in one round trip. What a process that dies has not told shows in its leases.
"""

import logging
from queue import Empty

from seriatim.errors import SeriatimError
from seriatim.scripts import run_many
from tasks.dispatch import pick, ring
from workers.fenced import refused
from workers.station import Station, Told

log = logging.getLogger(__name__)

TOGETHER = 32  #: sentences told in one round trip: bounds the time that the server is kept


def clerk(station: Station) -> None:
    """Tell and ring until the queue says that that was all."""
    while (first := station.told.get()) is not None:
        told = [first]
        try:
            told += _more(station)
            *answers, bells = run_many(station.desk.redis, [*(each.call for each in told), pick(station.desk)])
            ring(station.desk, bells)
            run_many(station.desk.redis, refused(station, told, answers))
        except SeriatimError as error:
            log.warning("leases will expire instead", extra={"sentences": len(told), "error": str(error)})
        finally:
            for each in told:
                station.end(each.bell)


def _more(station: Station) -> list[Told]:
    """What else waits to be told."""
    more: list[Told] = []
    while len(more) < TOGETHER - 1:
        try:
            told = station.told.get_nowait()
        except Empty:
            break
        if told is None:
            station.told.put(None)
            break
        more.append(told)
    return more
