"""What a worker does when it is told that an attempt of its own does not count: it has that counted, for operators.

Such an attempt is a zombie's: its process was stopped, or cut off, for longer than its lease, and went on when another
had its sentence already. It harms nobody, since whatever it sends is refused. Many of them say that machines stall, or
that leases are too short for them.
"""

from collections.abc import Sequence
from typing import Any

from seriatim import pool
from seriatim.job import Append
from seriatim.pool import Done
from seriatim.scripts import Call
from workers.delivery import Dropped
from workers.station import Speaking, Station, Told


def note(station: Station, speaking: Speaking, why: Dropped) -> None:
    """An attempt was dropped: if another has its sentence, the clerk is to have that counted."""
    if speaking.taken or str(why) == Append.FENCED.name:
        station.told.put(Told(speaking.bell, pool.fenced(station.desk.pool, speaking.bell)))


def refused(station: Station, told: Sequence[Told], answers: Sequence[Any]) -> list[Call[bool]]:
    """The calls that count those of `told` whose end the pool would not hear."""
    pairs = zip(told, answers, strict=True)
    return [pool.fenced(station.desk.pool, each.bell) for each, answer in pairs if answer is Done.STALE]
