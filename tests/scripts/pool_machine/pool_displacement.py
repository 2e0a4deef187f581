"""Displacement: a live sentence gives its slot to another listener's, once, and goes on later. Part of the model."""

from tests.scripts.pool_machine.pool_state import (
    LONG_MS,
    Pool,
    PoolSentence,
    charge,
    land,
    look_at,
    name_of,
    requeue,
    rtf_of,
    to_digits,
)

DISPLACED = 5
BEARS, BEARS_MORE_MS = 3, 1_000  #: audio ahead of who waits: times what the other one costs, and more


def note_claim(pool: Pool, name: str, seq: int, sentence: PoolSentence, lead_ms: float, t: float) -> None:
    """A live sentence of an engine that can go on where it stopped is claimed."""
    if pool.continuity != "resumable":
        return
    sentence.spent = sentence.spent or 0
    if sentence.suspect == 0:
        pool.resumes[name_of(name, seq)] = t + lead_ms - t / rtf_of(pool)


def displace(pool: Pool, cost: float, t: float) -> None:
    """The one whose listener has most audio ahead makes way, if that is enough."""
    while pool.resumes:
        entry = max(pool.resumes, key=lambda one: (pool.resumes[one], one.encode()))
        name, _, seq = entry.rpartition("|")
        job, sentence = pool.jobs[name], pool.jobs[name].unfinished[int(seq)]
        spent = t - sentence.slot_at
        if sentence.ms * rtf_of(pool) - spent > LONG_MS:
            ahead = job.t0 + sentence.position + min(sentence.ms, (t - sentence.at) / rtf_of(pool)) - t
            if ahead >= BEARS * cost + BEARS_MORE_MS:
                pool.numbers["displaced"] += 1
                land(pool, name, int(seq))
                charge(pool, job, spent - sentence.cost)
                sentence.suspect, sentence.spent = DISPLACED, to_digits(spent, 0)
                requeue(job, int(seq), t)
                look_at(pool, name, t)
            return
        del pool.resumes[entry]
