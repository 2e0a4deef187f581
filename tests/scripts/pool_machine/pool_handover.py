"""The handover of live sentences whose engine is silent. Part of the model."""

from seriatim.records import TaskMessage
from tests.scripts.pool_machine import pool_displacement
from tests.scripts.pool_machine.pool_state import (
    LIVE,
    Pool,
    PoolSentence,
    charge,
    land,
    look_at,
    name_of,
    requeue,
)  # fmt: skip

KNOWN = 20  #: sentences after which the silences are known, and for which one may be handed over
ANOTHER_AFTER_MS = 50
HANDED_OVER = 4


def note_silence(pool: Pool, silence_ms: float) -> None:
    """The longest silence of a sentence that was spoken."""
    pool.silence, pool.silences = max(pool.silence * 0.99, silence_ms), pool.silences + 1
    if pool.handovers_left < 2:
        pool.handovers_left += 1 / KNOWN


def expected_silence(pool: Pool, cost: float) -> float:
    """In ms; 0 while too few are known. A sentence longer than recent ones may be silent in proportion."""
    if pool.silences < KNOWN:
        return 0
    return max(1, pool.silence * max(1, 1.5 * cost / max(1, 1 if pool.theta is None else pool.theta)))


def hand_over(pool: Pool, message: TaskMessage, owner: str, epoch: str, silent_ms: int, raw: float) -> bool:
    """Another process is to speak a live sentence, too; the first one offers a slot less."""
    t = pool.tick(raw)
    entry = name_of(message.job, message.seq)
    if pool.handed.get((owner, entry), (0, 0.0))[0] == message.attempt:
        return True
    sentence = _running(pool, message, owner)
    others = sum(worker.slots for name, worker in pool.workers.items() if name != owner)
    if sentence is None or epoch != pool.epoch or pool.handovers_left < 0.999 or not others:
        return False
    pool.handovers_left -= 1
    pool.workers[owner].slots = max(0, pool.workers[owner].slots - 1)
    pool.handed[owner, entry] = (message.attempt, t + silent_ms)
    pool.numbers["handed_over"] += 1
    _back(pool, message, t)
    sentence.suspect = HANDED_OVER
    return True


def comes_back(pool: Pool, message: TaskMessage, owner: str, t: float) -> bool:
    """Whether a sentence came to the process that gave it away, and is given to another one."""
    away_until = pool.handed.get((owner, name_of(message.job, message.seq)), (0, 0.0))[1]
    if pool.jobs[message.job].unfinished[message.seq].suspect != HANDED_OVER or t >= away_until:
        return False
    _back(pool, message, t, ANOTHER_AFTER_MS)
    return True


def _running(pool: Pool, message: TaskMessage, owner: str) -> PoolSentence | None:
    """The sentence, if this attempt speaks it in that process, live, and it was never suspected or handed over."""
    job = pool.jobs[message.job]
    sentence = job.unfinished.get(message.seq)
    if job.state != "run" or job.kind != LIVE or sentence is None or sentence.attempt != message.attempt:
        return None
    spoken_here = sentence.state == "R" and sentence.owner == owner
    return sentence if spoken_here and sentence.suspect in (0, pool_displacement.DISPLACED) else None


def _back(pool: Pool, message: TaskMessage, t: float, wait_ms: int = 0) -> None:
    job = pool.jobs[message.job]
    charge(pool, job, -land(pool, message.job, message.seq).cost)
    requeue(job, message.seq, t + wait_ms)
    look_at(pool, message.job, t)
