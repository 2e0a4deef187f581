"""The check at the end: one terminal entry a job, the right bytes, reasons that are true, nothing left."""

import json
from typing import TYPE_CHECKING, Any, cast

from seriatim.audio.pcm import ms_of_bytes
from seriatim.keys import GROUP, job_prefix, ordered_stream, pool_prefix, shard_of, shard_prefix
from seriatim.records import DrainMode, GapPolicy
from seriatim.stream_entries import End, decode
from tests.simulator import state_audit
from tests.simulator.plan import GRACE_MS, MAX_FAILURES, PRODUCER_MS, RATE_HZ, JobPlan
from tests.simulator.reassemblers import notifications
from tests.simulator.scheduler import POOL, Violation
from tests.simulator.stream_check import StreamCheck

if TYPE_CHECKING:
    from tests.simulator.run import Run

MOST_CHARS = 600  #: of one fact of a report
ENDED = (b"done", b"cancelled", b"failed", b"timed_out")


Hash = dict[bytes, bytes]


def _hash(run: "Run", key: str) -> Hash:
    return cast("Hash", run.world.redis.hgetall(key))


def _slot(run: "Run", job: str) -> Hash:
    return _hash(run, f"{job_prefix(job)}:c:{job}")


def in_pool(run: "Run") -> dict[str, Hash]:
    """The jobs that the pool has accepted, by id."""
    found = {job: _hash(run, f"{pool_prefix(POOL)}:j:{job}") for job in run.world.plans}
    return {job: facts for job, facts in found.items() if facts}


def all_ended(run: "Run") -> bool:
    """Have all accepted jobs ended in both slots, are they stored, and are all notifications gone?"""
    redis = run.world.redis
    for job in in_pool(run):
        slot = _slot(run, job)
        if slot and (slot[b"state"] not in ENDED or _unstored(slot)):
            return False
    return not any(redis.xlen(notifications(shard)) for shard in {shard_of(job) for job in run.world.plans})


def _unstored(slot: Hash) -> bool:
    return slot.get(b"drain") == b"store" and b"stored_all" not in slot


def unfinished(run: "Run") -> str:
    """The state of a run that does not end, for its report."""
    redis, ledger, prefix = run.world.redis, run.ledger, pool_prefix(POOL)
    facts = [
        f"producers {sorted(ledger.waiting)}, readers {sorted(ledger.reading)}",
        f"broker {run.broker.queue[:5]}",
        f"pool {redis.hgetall(prefix + ':m')}",
    ]
    facts += [
        f"{name} {redis.xrange(name)} {redis.xpending(name, GROUP)}"
        for name in {notifications(shard_of(job)) for job in run.world.plans}
        if redis.xlen(name)
    ]
    facts += [f"{name} {redis.zrange(f'{prefix}:{name}', 0, 20, withscores=True)}" for name in state_audit.ZSETS]
    for job, known in in_pool(run).items():
        slot = _slot(run, job)
        if known[b"state"] == b"run" or slot.get(b"state") not in ENDED or _unstored(slot):
            facts += [f"{run.world.plans[job]}", f"  pool: {known}", f"  slot: {slot}"]
            facts.append(f"  begun: {redis.hgetall(f'{prefix}:js:{job}')}")
    return "\n  ".join(fact[:MOST_CHARS] for fact in facts)


def final(run: "Run") -> None:
    """Check a run that is over.

    Raises:
        Violation: something does not hold.
    """
    jobs = in_pool(run)
    for job in jobs:
        _job(run, job, jobs[job])
    for job, stream in run.ledger.streams.items():
        _listener(run, job, stream)
        there = run.world.redis.exists(f"{job_prefix(job)}:c:{job}")  # _job says whether it may be gone
        if job in jobs and there and job not in run.ledger.vanished | run.ledger.unknown:
            _that(stream.end is not None, f"job {job}: its listener did not hear the end")
    for job in run.ledger.unknown:
        _that(run.world.rolled_back or run.world.blackout_ms, f"job {job} is unknown to its reader")
    _keys_of_callers(run, set(jobs))
    _dead(run)
    _pool(run)
    _left(run)


def _that(holds: object, what: str) -> None:
    if not holds:
        raise Violation(what)


def _job(run: "Run", job: str, facts: dict[bytes, bytes]) -> None:
    """One terminal entry in the ordered stream, and the same end in both slots."""
    redis = run.world.redis
    slot = _slot(run, job)
    _that(job in run.ledger.confirmed, f"job {job} was accepted, and its slot never learned of it")
    if not slot:
        _that(run.world.blackout_ms or run.world.rolled_back, f"job {job} has no slot")
        return
    rows = cast("list[Any]", redis.xrange(ordered_stream(job)))
    entries = [decode(entry_id, fields) for entry_id, fields in rows]
    ends = [entry for entry in entries if isinstance(entry, End)]
    _that(len(ends) == 1 and entries[-1] is ends[0], f"job {job}: terminal entries {ends}, last {entries[-1:]}")
    end = ends[0]
    _that(slot[b"state"].decode() == end.state, f"job {job}: {end}, the slot says {slot}")
    # An end from outside may come between the last chunk and its finish: then the stream is whole, and is right.
    state = facts[b"state"].decode().replace("spoken", "done")
    torn = run.world.rolled_back  # an end that the pool forgot may reach the slot all the same
    _that(state == end.state or end.state == "done" or torn, f"job {job}: {end}, the pool says {facts}")
    _reason(run, job, end, int(facts[b"ended"]) - int(facts[b"since"]))
    run.world.tally[end.state] += 1
    if facts[b"state"] == b"spoken":
        ahead = float(facts[b"dispatched"]) - ms_of_bytes(end.n_bytes, RATE_HZ)
        _that(
            ahead < 1, f"job {job}: {ahead} ms more count as dispatched than were heard; its window is smaller by that"
        )


def _reason(run: "Run", job: str, end: End, age_ms: int) -> None:
    """Is the reason of the end a true one?"""
    plan, ledger = run.world.plans[job], run.ledger
    if run.world.rolled_back or run.world.blackout_ms:
        return
    if end.state == "done":
        _closed(run, job, plan, end)
    elif end.reason.startswith("barge-in"):
        _that(plan.cancel_ms is not None, f"job {job}: it was not cancelled: {end}")
    elif end.state == "timed_out":
        _that(age_ms >= plan.timeout_ms, f"job {job}: {end} after {age_ms} ms")
    elif end.reason.startswith("no reader"):
        silence = max(ledger.silence_ms.get(job, 0), int(run.world.now) - ledger.signs.get(job, 0))
        silent = silence + _leapt(run) >= GRACE_MS
        _that(plan.drain is DrainMode.WINDOW and silent, f"job {job}: {end}, its reader was there")
    elif end.reason.startswith("sentence "):
        seq = int(end.reason.split()[1].rstrip(":"))
        _that(plan.gap is GapPolicy.FAIL and may_be_given_up(run, job, seq), f"job {job}: {end}, for no cause")
    else:
        _that(False, f"job {job}: {end}")


def _closed(run: "Run", job: str, plan: JobPlan, end: End) -> None:
    if end.n_sentences == len(plan.lines):
        return
    since = int(run.world.now) - run.ledger.producer_signs.get(job, 0)
    silent = max(run.ledger.pause_ms.get(job, 0), since) + _leapt(run) >= PRODUCER_MS
    _that(
        plan.open and silent and end.reason == "the producer is gone",
        f"job {job}: {end} of {len(plan.lines)} sentences",
    )


def _leapt(run: "Run") -> int:
    """By how many ms the pool's clock is ahead: a step forward of up to ten seconds is time like any other."""
    return sum(ms for _, ms in run.world.plan.jumps if 0 < ms <= 10_000)


def may_be_given_up(run: "Run", job: str, seq: int) -> bool:
    """Is there a cause to give a sentence up: poison, or attempts enough that came to nothing?"""
    line = run.world.plans[job].lines[seq]
    innocent = run.world.plan.calm and not line.flaky  # its neighbours' crashes must not count as its own
    return line.poison or (not innocent and run.ledger.claims[job, seq] >= MAX_FAILURES)


def _listener(run: "Run", job: str, stream: StreamCheck) -> None:
    """The bytes that were heard are those of a run without faults; a job that was done was heard to its end."""
    for seq in stream.gaps:
        _that(
            run.world.rolled_back or may_be_given_up(run, job, seq), f"job {job}: sentence {seq} is a gap for no cause"
        )
    run.world.tally["gaps"] += len(stream.gaps)
    run.world.tally["discontinuities"] += sum(map(len, stream.cuts.values()))
    run.world.tally["bytes"] += stream.n_bytes
    if stream.plan.exact and not stream.gaps:
        truth = b"".join(run.world.studio.truth(stream.plan, seq) for seq in range(len(stream.plan.lines)))
        have = b"".join(stream.sentences[seq] for seq in range(len(stream.sentences)))
        n = stream.end.n_sentences if stream.end and stream.end.state == "done" else None
        if n is not None:
            truth = b"".join(run.world.studio.truth(stream.plan, seq) for seq in range(n))
        _that(have == truth if n is not None else truth.startswith(have), f"job {job}: other bytes than without faults")


def _keys_of_callers(run: "Run", jobs: set[str]) -> None:
    """Behind an idempotency key stands one job, however often the caller tried.

    One that was closed by its producer's lease has ended without its text: what is sent again is spoken anew.
    """
    for plan in run.world.plan.jobs:
        mine = [job for job in jobs if run.world.plans[job] is plan]
        mine = [job for job in mine if _slot(run, job).get(b"closing") != b"the producer is gone"]
        _that(len(mine) <= 1 or run.world.rolled_back or run.world.blackout_ms, f"one key, and jobs {mine}")


def _dead(run: "Run") -> None:
    """Whatever was given up stands in the dead-letter list with its reason, and nothing else does."""
    if run.world.rolled_back:
        return
    buried = {name.decode(): letter for name, letter in _hash(run, f"{pool_prefix(POOL)}:dead").items()}
    for name, letter in buried.items():
        job, seq = name.rsplit("|", 1)
        _that(may_be_given_up(run, job, int(seq)), f"{name} was given up for no cause: {letter!r}")
        _that(json.loads(letter)["reason"], f"{name} was given up without a reason: {letter!r}")
    run.world.tally["given up"] += len(buried)
    for job, stream in run.ledger.streams.items():
        for gap in stream.gaps:
            _that(f"{job}|{gap}" in buried, f"job {job}: sentence {gap} is a gap, and in no dead-letter list")


def _pool(run: "Run") -> None:
    """Nothing is in flight, nothing waits, everything that was reserved is given back."""
    users = sorted({plan.user for plan in run.world.plan.jobs})
    books = state_audit.read(run.world.redis, list(run.world.plans), users)
    state_audit.check(books)
    for name in state_audit.ZSETS:
        _that(name in ("wk", "held") or not books.zsets[name], f"left in {name}: {books.zsets[name]}")
    for name in ("infl", "jobs", "demand"):
        _that(books.number(name) == 0, f"{name} is {books.facts.get(name)} at the end")
    for user, facts in books.users.items():
        idle = all(abs(float(facts.get(name, 0))) < state_audit.CENT for name in ("infl", "jobs", "queued"))
        _that(idle, f"user {user} at the end: {facts}")
    if run.world.plan.calm:
        moved, late = run.world.tally["moved"], run.world.tally["moved by a second look"]
        _that(late <= 2 + moved / 10, f"{late} of {moved} chunks waited for the next look: no process was notified")
        sentences = sum(len(run.world.plans[job].lines) for job in run.world.plans)
        _that(
            run.world.tally["kills"] > 0
            or run.world.studio.attempts <= sentences + run.world.tally["failures"] + run.world.tally["gave way"],
            "spoken twice, and none gave way to a listener",
        )


def _left(run: "Run") -> None:
    """Every key has a life; no chunks are left; no process looks again and again at what is over."""
    for shard in {shard_of(job) for job in run.world.plans}:
        for job in cast("list[bytes]", run.world.redis.zrange(f"{shard_prefix(shard)}:live", 0, -1)):
            slot = _slot(run, job.decode())
            _that(slot.get(b"state") not in ENDED or _unstored(slot), f"job {job!r} is over, and looked at: {slot}")
    for key in run.world.redis.scan_iter(count=1000):
        _that(run.world.redis.pttl(key) >= 0, f"{key!r} has no life")
        _that(b":b:" not in key, f"{key!r} is left")
