"""Worker processes and time: register, beat, leave, sweep, rebase. Part of the model."""

from collections.abc import Iterable

from seriatim.lua.pool_records import RegisterResult, RetryPolicy, WorkerRegistration
from seriatim.records import TaskMessage
from tests.scripts.pool_machine import pool_standby
from tests.scripts.pool_machine.pool_state import (
    Pool,
    PoolJob,
    PoolWorker,
    charge,
    end,
    expect_end,
    give_back,
    land,
    let_go_due,
    look_at,
    requeue,
)

DIED = "the worker process died while speaking it"
DROPPED = "its worker process dropped it"


def register(pool: Pool, owner: str, life_ms: int, facts: WorkerRegistration, raw: float) -> RegisterResult:
    """A process offers its slots. One pool, one rate."""
    t = pool.tick(raw)
    others = set(pool.workers) - {owner}
    if pool.rate_hz not in (None, facts.rate_hz) and (others or pool.act):
        return RegisterResult(pool.rate_hz or 0)
    pool.rate_hz, pool.eta, pool.reserve, pool.continuity = facts.rate_hz, facts.eta, facts.reserve, facts.continuity
    pool.rtf = facts.rtf if pool.rtf is None else pool.rtf
    worker = pool.workers.setdefault(owner, PoolWorker(facts.slots, 0.0, since=t))
    worker.slots, worker.dead_at, worker.fingerprint = facts.slots, t + life_ms, facts.fingerprint
    worker.hot, worker.ahead = facts.hot, facts.ahead
    _choose_fingerprint(pool)
    return RegisterResult(fingerprint=pool.fingerprint)


def _choose_fingerprint(pool: Pool) -> None:
    """Keep it while a worker has it; else that of the one that was registered first."""
    exact = {owner: worker for owner, worker in pool.workers.items() if worker.fingerprint}
    if exact and all(worker.fingerprint != pool.fingerprint for worker in exact.values()):
        pool.fingerprint = min(exact.items(), key=lambda pair: (pair[1].since, pair[0]))[1].fingerprint


def beat(
    pool: Pool, owner: str, life_ms: int, slots: int, lease_ms: int, running: Iterable[TaskMessage], raw: float
) -> tuple[bool, frozenset[TaskMessage]]:
    """A process lives, and all that it names and has."""
    t = pool.tick(raw)
    worker = pool.workers.get(owner)
    if worker is None:
        return False, frozenset(running)
    if slots != worker.slots and not slots:
        pool_standby.end(pool, owner)
    worker.dead_at, worker.until, worker.slots = t + life_ms, t + lease_ms, slots
    lost = set()
    for message in running:
        entry = f"{message.job}|{message.seq}"
        if worker.speaking.get(entry) == message.attempt:
            pool.lease[entry] = t + lease_ms
        else:
            lost.add(message)
    return True, frozenset(lost)


def leave(pool: Pool, owner: str, retry: RetryPolicy, raw: float, *, died: bool) -> int:
    """A process is gone; returns how many sentences it leaves to others."""
    t = pool.tick(raw)
    left = len(pool.workers[owner].speaking) if owner in pool.workers else 0
    forget(pool, owner, retry, t, blame=died)
    return left


def forget(pool: Pool, owner: str, retry: RetryPolicy, t: float, *, blame: bool) -> None:
    """One sentence alone in a process that died is blamed; of several it is unknown which it was: each is suspect."""
    worker = pool.workers.get(owner)
    if worker is None:
        return
    names = list(worker.speaking)
    for name in names:
        job, sentence_seq = _parse(name)
        if name not in worker.speaking:  # its job ended just now
            continue
        if blame and len(names) > 1:
            pool.jobs[job].unfinished[sentence_seq].suspect = 1
        _back(pool, name, DIED, retry, t, blame=blame and len(names) == 1)
    for name in sorted(worker.waiting):
        if name in worker.waiting:  # its job has not ended just now
            _back(pool, name, DIED, retry, t, blame=False)
    del pool.workers[owner]
    _choose_fingerprint(pool)


def _parse(name: str) -> tuple[str, int]:
    job, _, seq = name.rpartition("|")
    return job, int(seq)


def _back(pool: Pool, name: str, reason: str, retry: RetryPolicy, t: float, *, blame: bool) -> None:
    job, seq = _parse(name)
    give_back(pool, job, seq, reason, t, blame=blame, most=retry.max_failures, backoff=retry.backoff_ms)


def sweep(
    pool: Pool, interval_ms: int, pending_step_grace_ms: int, retry: RetryPolicy, raw: float
) -> tuple[bool, tuple[str, ...], tuple[str, ...]]:
    """Do what is due; returns whether it ran, and the outbox and to-do entries that were left over."""
    t = pool.tick(raw)
    if t - pool.swept < interval_ms:
        return False, (), ()
    pool.swept = t
    for owner in _due({o: w.dead_at for o, w in pool.workers.items()}, t):
        forget(pool, owner, retry, t, blame=True)
    let_go_due(pool, t)
    for name in _due(pool.lease, t):
        _expire(pool, name, retry, t)
    for name in _due(pool.delay, t):
        look_at(pool, name, t)
    for name in _due(pool.shut, t)[:128]:
        look_at(pool, name, t)
    for name in _due(pool.act, t):
        _look_after(pool, name, t, pending_step_grace_ms)
    return True, tuple(_due(pool.outbox, t - pending_step_grace_ms)), tuple(_due(pool.todo, t - pending_step_grace_ms))


def _due(times: dict[str, float], t: float) -> list[str]:
    return [name for name, at in sorted(times.items(), key=lambda pair: (pair[1], pair[0].encode())) if at <= t]


def _expire(pool: Pool, name: str, retry: RetryPolicy, t: float) -> None:
    """A lost message is no sentence's fault. A silent process loses all it spoke; a live one only what it dropped."""
    if name not in pool.lease:
        return
    job, seq = _parse(name)
    sentence = pool.jobs[job].unfinished[seq]
    if sentence.state == "R" and pool.workers[sentence.owner].until <= t:
        forget(pool, sentence.owner, retry, t, blame=True)
        return
    _back(pool, name, DROPPED, retry, t, blame=sentence.state == "R")


def _look_after(pool: Pool, name: str, t: float, pending_step_grace_ms: int) -> None:
    """Timeouts; readers and producers that are gone."""
    job = pool.jobs[name]
    gone = job.seen + job.grace if job.drain == "window" else float("inf")
    if t >= job.ends_by:
        seconds = (int(job.ends_by) - int(job.since)) / 1000
        _finish(pool, name, "timed_out", f"not spoken within {seconds:g} s", t, pending_step_grace_ms)
    elif t >= gone:
        _finish(pool, name, "cancelled", f"no reader for {job.grace / 1000:g} s", t, pending_step_grace_ms)
    else:
        if 0 < job.producer <= t:
            _close(pool, name, job, t, pending_step_grace_ms)
        if job.state == "run":
            next_look = min(job.ends_by, gone, job.producer or float("inf"))
            pool.act[name] = max(t + 500, next_look)


def _finish(pool: Pool, name: str, state: str, reason: str, t: float, pending_step_grace_ms: int) -> None:
    if end(pool, name, state, reason, t):
        pool.todo[f"end|{name}|{state}|{reason}"] = t - pending_step_grace_ms


def _close(pool: Pool, name: str, job: PoolJob, t: float, pending_step_grace_ms: int) -> None:
    job.closed, job.producer = True, 0.0
    expect_end(pool, name)
    pool.todo[f"close|{name}|{len(job.estimates)}|the producer is gone"] = t - pending_step_grace_ms
    if job.live == 0:
        end(pool, name, "spoken", "", t)


def rebase(pool: Pool, fence: int, epoch: str, raw: float) -> int:
    """The server was restarted: everything in flight is spoken again, behind a higher fence, none blamed."""
    t = pool.tick(raw)
    if pool.epoch == epoch:
        return 0
    fresh, pool.epoch = pool.epoch == "0", epoch
    pool.fence = fence
    if fresh:
        return 1
    for name in _due(pool.lease, float("inf")):
        job_name, seq = _parse(name)
        sentence = land(pool, job_name, seq)
        charge(pool, pool.jobs[job_name], -sentence.cost)
        requeue(pool.jobs[job_name], seq, t)
        look_at(pool, job_name, t)
    pool.lease.clear()
    pool.resumes.clear()
    pool.outbox.clear()
    return 2
