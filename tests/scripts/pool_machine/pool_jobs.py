"""Jobs in the pool's model: submit, extend, ack, cancel, tune."""

from collections.abc import Mapping, Sequence

from seriatim.lua.pool_records import ExtendVerdict, ReaderTerms, Submission, SubmitResult, SubmitVerdict
from seriatim.records import JobKind, Play
from seriatim.user_limits import UserLimits
from tests.scripts.pool_machine.pool_line import admit, as_set, barge_in, rate_of
from tests.scripts.pool_machine.pool_state import (
    BATCH,
    DAY_MS,
    LIVE,
    Pool,
    PoolJob,
    User,
    end,
    expect_end,
    let_go_due,
    look_at,
    place,
    to_digits,
)


def submit(pool: Pool, s: Submission, estimates: Sequence[int], raw: float) -> SubmitResult:
    """Refuse or accept."""
    t = pool.tick(raw)
    known = _known(pool, s, estimates)
    if known is not None:
        return known
    s = as_set(pool, s)
    let_go_due(pool, t)
    refusal = _refusal(pool, s, sum(estimates), sum(len(str(seq)) for seq in range(len(estimates))), t)
    if refusal is not None:
        pool.numbers[f"refused_{refusal[0].name.lower()}"] += 1
        return SubmitResult(*refusal, s.job)
    _accept(pool, s, list(estimates), t)
    return SubmitResult(SubmitVerdict.ACCEPTED, 0, s.job)


def _known(pool: Pool, s: Submission, estimates: Sequence[int]) -> SubmitResult | None:
    """The answer to a repeated submission: the job as it is known, not as it is asked for now."""
    if s.job in pool.jobs:
        return SubmitResult(SubmitVerdict.DUPLICATE, 0, s.job, pool.jobs[s.job].drain, s.cut)
    known = pool.keys.get((s.user, s.idempotency_key)) if s.idempotency_key else None
    return None if known is None else _known_by_key(pool, s, known, estimates)


def _known_by_key(pool: Pool, s: Submission, known: str, estimates: Sequence[int]) -> SubmitResult | None:
    job = pool.jobs[known]
    if s.spec_digest != job.spec_digest:
        return SubmitResult(SubmitVerdict.CONFLICT, 0, known)
    if s.cut and job.cut and s.cut != job.cut:
        return SubmitResult(SubmitVerdict.RECUT, 0, known, job.drain, job.cut)
    if _differs(job, 0, len(estimates), last=s.closed):
        return SubmitResult(SubmitVerdict.CONFLICT, 0, known)
    if job.closed and not job.whole:  # by its producer's lease: it is spoken anew
        return None
    return SubmitResult(SubmitVerdict.DUPLICATE, 0, known, job.drain, job.cut)


def _differs(job: PoolJob, first: int, n_given: int, *, last: bool) -> bool:
    """Has a job with an idempotency key other sentences? Here the sentence at a place is always the same one."""
    n, behind = len(job.estimates), first + n_given
    return job.keyed and ((job.whole and behind > n) or (last and behind < n))


def _refusal(pool: Pool, s: Submission, total: int, chars: int, t: float) -> tuple[SubmitVerdict, int] | None:
    capped = _over_a_cap(pool.of(s.user), s, total) or _over_budget(pool, s, chars, t)
    if capped is not None or s.kind is JobKind.BATCH:
        return capped
    if pool.slots == 0:
        return SubmitVerdict.NO_WORKERS, 2000
    return admit(pool, s, total, t)


def _over_a_cap(theirs: list[PoolJob], s: Submission, total: int) -> tuple[SubmitVerdict, int] | None:
    jobs, queued_s = s.limits.jobs, s.limits.queued_s
    if jobs is not None and len(theirs) >= jobs:
        return SubmitVerdict.CAP_JOBS, 1000
    if queued_s is not None and total > queued_s * 1000:
        return SubmitVerdict.TOO_LARGE, 0
    if queued_s is not None and sum(job.waiting_ms for job in theirs) + total > queued_s * 1000:
        return SubmitVerdict.CAP_QUEUED, 1000
    return None


def _over_budget(pool: Pool, s: Submission, chars: int, t: float) -> tuple[SubmitVerdict, int] | None:
    """What is left of the user's characters of this day must cover the text."""
    budget, day = s.limits.characters_day, int(t // DAY_MS)
    if budget is None or pool.spent.get((day, s.user), 0) + chars <= budget:
        return None
    return SubmitVerdict.CAP_CHARS, int(DAY_MS - t % DAY_MS)


def _accept(pool: Pool, s: Submission, estimates: list[int], t: float) -> None:
    user = pool.users.setdefault(s.user, User())
    user.weight, user.cap, user.budget = s.weight, s.limits.in_flight, s.limits.characters_day
    live = s.kind is JobKind.LIVE
    pool.jobs[s.job] = PoolJob(
        user=s.user, kind=LIVE if live else BATCH, priority=s.priority, closed=s.closed, window=s.window_ms,
        t0=t + s.target_ms, target=s.target_ms, rate=rate_of(pool, s), speed=s.speed, gap=s.gap, drain=s.drain,
        since=t, ends_by=t + s.timeout_ms, grace=s.grace_ms, producer=t + s.producer_ms if s.producer_ms else 0.0,
        queue_limit=s.queue_limit_ms, estimates=estimates, seen=t, spec_digest=s.spec_digest, cut=s.cut,
        keyed=bool(s.idempotency_key), whole=s.closed, file=live and s.play is Play.WHOLE,
    )  # fmt: skip
    if s.idempotency_key:
        pool.keys[s.user, s.idempotency_key] = s.job
    pool.act[s.job] = t
    pool.todo[f"life|{s.job}"] = t
    pool.numbers["accepted_" + (LIVE if live else BATCH)] += 1
    expect_end(pool, s.job)
    if s.closed and not estimates:
        end(pool, s.job, "spoken", "", t)
    look_at(pool, s.job, t)
    for kind in (LIVE, BATCH):  # a cap may have been changed or taken away
        place(pool, s.user, kind)


def extend(
    pool: Pool, name: str, first: int, estimates: Sequence[int], raw: float, *, close: bool, producer_ms: int
) -> tuple[ExtendVerdict, int]:
    """More sentences of an open job, from `first` on."""
    t = pool.tick(raw)
    job = pool.jobs.get(name)
    if job is not None and _differs(job, first, len(estimates), last=close):
        return ExtendVerdict.CONFLICT, len(job.estimates)
    if job is None or job.state not in ("run", "spoken"):
        return ExtendVerdict.GONE, len(job.estimates) if job else 0
    n = len(job.estimates)
    if job.closed:
        return (ExtendVerdict.OK if first + len(estimates) <= n else ExtendVerdict.CLOSED), n
    if producer_ms:
        job.producer = t + producer_ms
    if first > n:
        return ExtendVerdict.GAP, n
    fresh = list(estimates[n - first :])
    if fresh and job.waiting_ms > 0 and job.waiting_ms + sum(fresh) > job.queue_limit:
        return ExtendVerdict.FULL, n
    _append(job, fresh, t)
    if close:
        _close(pool, name, t)
    look_at(pool, name, t)
    return ExtendVerdict.OK, len(job.estimates)


def _append(job: PoolJob, fresh: list[int], t: float) -> None:
    """After a pause nothing is late: playback goes on a first-audio target from now."""
    if fresh and job.next == len(job.estimates) and job.kind == LIVE:
        job.t0 = to_digits(max(job.t0, t + job.target - job.dispatched), 0)
    job.estimates += fresh


def _close(pool: Pool, name: str, t: float) -> None:
    job = pool.jobs[name]
    job.closed, job.whole, job.producer = True, True, 0.0
    pool.todo[f"close|{name}|{len(job.estimates)}|"] = t
    expect_end(pool, name)
    if job.live == 0:
        end(pool, name, "spoken", "", t)


def ack(pool: Pool, name: str, delivered: float, heard_ms: float, raw: float) -> ReaderTerms:
    """A reader reports. What was heard moves the deadlines; without it, playback is taken to follow the deliveries."""
    t = pool.tick(raw)
    job = pool.jobs.get(name)
    if job is not None and job.state == "spoken" and job.kind == LIVE and heard_ms >= job.dispatched:
        pool.held.pop(name, None)
    if job is None or job.state != "run":
        return ReaderTerms(0, 0)
    t0 = _playback_began(job, delivered, heard_ms, t) if job.kind == LIVE and not job.file else job.t0
    news = delivered > job.acked or t0 != job.t0
    job.seen, job.t0 = t, to_digits(t0, 0)
    job.started = job.started or delivered > 0
    job.acked = max(job.acked, delivered)
    if news:
        expect_end(pool, name)
        look_at(pool, name, t)
    return ReaderTerms(job.grace, job.window)


def _playback_began(job: PoolJob, delivered: float, heard_ms: float, t: float) -> float:
    if heard_ms >= 0:
        job.heard_ms, job.reports_playback = max(job.heard_ms, heard_ms), True
        return t - min(job.heard_ms, max(delivered, job.acked))
    if delivered <= job.acked:
        return job.t0
    if not job.started:
        return t
    return max(job.t0, t - job.acked)  # it stands still when all that was delivered is played


def cancel(pool: Pool, name: str, state: str, reason: str, raw: float) -> str:
    """End a job; the job's own slot follows through the to-do."""
    t = pool.tick(raw)
    ended = end(pool, name, state, reason, t)
    silenced = not ended and pool.held.pop(name, None) is not None  # spoken to the end, and not heard to the end
    if ended or silenced:
        barge_in(pool, pool.jobs[name], t)
    if not ended:
        return ""
    entry = f"end|{name}|{state}|{reason}"
    pool.todo[entry] = t
    return entry


def tune_user(pool: Pool, user: str, changes: Mapping[str, float | None], raw: float) -> UserLimits:
    """What an operator sets for a user counts at once, and for jobs to come."""
    pool.tick(raw)
    own = pool.own.setdefault(user, {})
    for name, value in changes.items():
        if value is None:
            own.pop(name, None)
        else:
            own[name] = value
    if pool.of(user):
        if changes.get("weight") is not None:
            pool.users[user].weight = own["weight"]
        if "in_flight" in changes:
            pool.users[user].cap = changes["in_flight"]
        if "characters_day" in changes:
            pool.users[user].budget = changes["characters_day"]
        for kind in (LIVE, BATCH):
            place(pool, user, kind)
    return UserLimits(**own)


def tune(pool: Pool, name: str, priority: int | None, weight: float | None, raw: float) -> bool:
    """Change a running job's rank, or its user's share of what comes."""
    t = pool.tick(raw)
    job = pool.jobs.get(name)
    if job is None or job.state != "run":
        return False
    job.priority = job.priority if priority is None else priority
    user = pool.users[job.user]
    user.weight = user.weight if weight is None else weight
    look_at(pool, name, t)
    return True
