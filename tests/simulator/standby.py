"""Slots on standby: an idle slot waits for a moment for a sentence that is given to it without a message."""

from typing import TYPE_CHECKING

from seriatim.keys import standby_list, standby_slots
from seriatim.lua.pool_records import StandbySentence
from tests.simulator.joint_calls import STANDBY_MS
from tests.simulator.scheduler import POOL, Steps

if TYPE_CHECKING:
    from tests.simulator.run import Run


def await_sentence(run: "Run", who: str, slot: str) -> Steps[StandbySentence | None]:
    """What a slot is given that was put on standby; None: it goes back to the broker."""
    world = run.world
    until_ms = world.now + STANDBY_MS
    entry = None
    while entry is None and world.now < until_ms:
        yield world.rng.randint(0, 60)
        entry = yield from world.plain(who, "LPOP", standby_list(POOL, slot))
    if entry is None and not (yield from world.plain(who, "ZREM", standby_slots(POOL), slot)):
        entry = yield from world.plain(who, "LPOP", standby_list(POOL, slot))
    if not entry:
        return None
    found = StandbySentence.parse(entry.decode())
    message = found.message
    world.tally["given to a slot on standby"] += 1
    run.ledger.attempts[message.job, message.seq] = message.attempt
    return found
