"""Slots on standby: idle slots to which picked sentences are given without a message. Part of the model."""

from seriatim.keys import EARLY_SLOT
from seriatim.lua.pool_scripts import outbox_entry
from seriatim.records import TaskMessage
from tests.scripts.pool_machine.pool_state import LIVE, Pool, to_digits

NOT_GIVEN = (1, 4)  #: suspects that may have to wait in their process, or may not go to the one that they come from


def enter(pool: Pool, owner: str, slot: str, until: float, t: float) -> bool:
    """Put a slot on standby, if there is still a slot for each sentence in flight."""
    if not _takes_more(pool, owner) or count(pool, t) + 1 > pool.slots - pool.in_flight():
        return False
    name = f"{owner}|{slot}"
    pool.slot_entries.pop(name, None)  # it came too late for an earlier wait; the outbox has it
    pool.standby[name] = until
    return True


def count(pool: Pool, t: float) -> int:
    """How many slots are on standby; those that waited too long are not."""
    pool.standby = {slot: until for slot, until in pool.standby.items() if until > t}
    return len(pool.standby)


def give(pool: Pool, message: TaskMessage, t: float, *, again: bool) -> bool:
    """Give a picked sentence to a slot on standby; one that must come by message sends a slot back to Celery."""
    fits = pool.jobs[message.job].unfinished[message.seq].suspect not in NOT_GIVEN
    while count(pool, t):
        slot = max(pool.standby, key=lambda name: (pool.standby[name], name))
        del pool.standby[slot]
        is_given = fits and _takes_more(pool, slot.partition("|")[0])
        begins = is_given and not again and slot.endswith(EARLY_SLOT)
        entry = outbox_entry(message) + (_facts(pool, message, t) if begins else "")
        pool.slot_entries.setdefault(slot, []).append(entry if is_given else "")
        if is_given or not fits:
            return is_given
    return False


def _facts(pool: Pool, message: TaskMessage, t: float) -> str:
    """The facts for a slot that begins before its claim; the model has neither the job's spec nor the sentence."""
    job = pool.jobs[message.job]
    begins_ms = job.last if job.file else job.dispatched - job.unfinished[message.seq].ms
    return f"\n{to_digits(job.t0 + begins_ms - t, 0):.0f}|{int(job.kind == LIVE and not job.file)}|{job.user}"


def end(pool: Pool, owner: str) -> None:
    """Send all slots of a process back to Celery."""
    for slot in [slot for slot in pool.standby if slot.partition("|")[0] == owner]:
        del pool.standby[slot]
        pool.slot_entries.setdefault(slot, []).append("")


def _takes_more(pool: Pool, owner: str) -> bool:
    """Whether a slot of a process may be given sentences."""
    worker = pool.workers.get(owner)
    return worker is not None and not worker.alone and worker.slots > 0
