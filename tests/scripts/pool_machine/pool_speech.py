"""A sentence's way through a pool: pick, claim, finish, fail, fill. Part of the model."""

from dataclasses import dataclass

from seriatim.lua.pool_records import (
    ClaimResult,
    ClaimVerdict,
    FinishedSentence,
    FinishVerdict,
    NextSentence,
    RetryPolicy,
)
from seriatim.pool_metrics import SLACK_BOUNDS_MS, TIME_BOUNDS_MS, WAIT_BOUNDS_MS
from seriatim.records import TaskMessage
from tests.scripts.pool_machine import pool_displacement, pool_governor, pool_handover, pool_standby
from tests.scripts.pool_machine.pool_state import (
    BATCH,
    DAY_MS,
    LIVE,
    LONG_MS,
    Pool,
    PoolJob,
    PoolSentence,
    bucket,
    charge,
    eligible,
    end,
    give_back,
    head,
    land,
    look_at,
    made,
    name_of,
    over,
    ready_retries,
    requeue,
    resumes_at,
    rtf_of,
    squeeze,
    to_digits,
)  # fmt: skip

LATE_BY_MS = 100
LATE_STEP, CALM_STEP, LATE_MOST, CALM = 0.02, 0.001, 1.5, 1.0005  #: of the lateness factor
FIRST_GUESS_MS = 5_000  #: of audio, for which the speed counts with which the first worker registered
SAME_SHARE = 0.05  #: of a job's share
MOST_BETWEEN_MS = 1_000  #: of a slot's time beside the engine's
NO_BOUND = 1e15  #: a theta that no tag is beyond


@dataclass(slots=True)
class Candidate:
    """What a user would say next."""

    name: str
    job: PoolJob
    seq: int
    ms: int
    again: bool
    cost: float
    place: float  #: among all of its class


def pick(pool: Pool, most: int, message_timeout_ms: int, raw: float) -> tuple[TaskMessage, ...]:
    """Live first; batch takes what live leaves, and what its reserved share has saved up.

    What is given to slots on standby is not among the messages.
    """
    return pick_own(pool, most, message_timeout_ms, raw, own=0)[0]


def pick_own(
    pool: Pool, most: int, message_timeout_ms: int, raw: float, own: int
) -> tuple[tuple[TaskMessage, ...], TaskMessage | None]:
    """`pick` for a slot, which takes the first message itself; and one ahead of its engine, if `own` is 2."""
    t = pool.tick(raw)
    for name, at in sorted(pool.delay.items(), key=lambda pair: (pair[1], pair[0])):
        if at <= t:
            look_at(pool, name, t)
    if pool.paused > t:
        return (), None
    metered = pool.metered > t
    left = pool.left if metered else NO_BOUND
    message_timeout_ms += 2 * (pool.cost or 0)  # type: ignore[assignment]  # ms, whole or not
    messages: list[TaskMessage] = []
    taken, ahead = 0, None
    while len(messages) < most and taken < left and pool_governor.within_rates(pool, t):
        if (found := _next_candidate(pool, t, pool.ahead_room if len(messages) < own else 0)) is None:
            break
        chosen, beyond = found
        message = _take(pool, chosen, message_timeout_ms, t)
        taken += 1
        if beyond and messages:
            ahead = message
            break
        if beyond or len(messages) < min(own, 1) or not pool_standby.give(pool, message, t, again=chosen.again):
            messages.append(message)
    pool.left -= taken if metered else 0
    return tuple(messages), ahead


def _next_candidate(pool: Pool, t: float, ahead: int) -> tuple[Candidate, bool] | None:
    """The sentence that is taken next; None: there is none, or no room. And whether it is one of `ahead`."""
    if pool.in_flight() >= pool.usable and _make_way(pool, t):
        live = _candidate(pool, LIVE, t)
        return (live, pool.room <= 0) if live else None
    beyond = pool.room <= 0
    if beyond and (not ahead or pool.room + ahead <= 0):
        return None
    chosen = _choose(pool, _candidate(pool, LIVE, t), _candidate(pool, BATCH, t))
    return (chosen, beyond) if chosen else None


def _candidate(pool: Pool, kind: str, t: float) -> Candidate | None:
    """Earliest deadline among the users whose share is not used up. The virtual time follows the smallest tag."""
    tags = [user.tag[kind] for user in pool.users.values() if kind in user.tag]
    if not tags:
        return None
    pool.V[kind] = max(pool.V[kind], min(tags))
    pool.E[kind] = max(pool.E[kind], pool.V[kind] + (pool.theta or 0) * (kind == LIVE))
    deadlines = eligible(pool, kind)
    user = min(deadlines, key=lambda name: (deadlines[name], name))
    name, job = head(pool, user, kind)
    ready = ready_retries(job, t)
    seq = ready[0] if ready else job.next
    ms = job.unfinished[seq].ms if ready else job.estimates[seq]
    return Candidate(name, job, seq, ms, bool(ready), ms * rtf_of(pool), deadlines[user])


def _make_way(pool: Pool, t: float) -> bool:
    """For one that is needed soon, or the first of its job: the batch sentence begun last, if not half done."""
    if pool.theta is not None and pool.theta <= LONG_MS:
        return False
    live = _candidate(pool, LIVE, t)
    if live is None or not _is_urgent(live.job, pool.cost or 0, t):
        return False
    batch = [
        (s.at, name_of(name, seq).encode(), name, seq, s)
        for name, job in pool.running.items() if job.kind == BATCH
        for seq, s in job.unfinished.items() if s.in_flight and s.suspect != 1
    ]  # fmt: skip
    young = [one for one in batch if one[4].state == "R" and _may_make_way(one[4], t)]
    for _, _, name, seq, s in sorted(batch, key=lambda one: one[1]):
        if s.state == "D":  # it only waits for a slot
            _take_back(pool, name, seq, t)
    young.sort(key=lambda one: one[:2])
    for _ in range(1 + pool.ahead):
        if not young or pool.in_flight() < pool.usable:
            break
        _, _, name, seq, s = young.pop()
        pool.numbers["made_way"] += 1
        pool.numbers["wasted_ms"] += made(pool, s, t)
        s.suspect = 2
        _take_back(pool, name, seq, t)
    if pool.in_flight() >= pool.usable:
        pool_displacement.displace(pool, live.cost, t)
    return pool.in_flight() < pool.usable


def _is_urgent(job: PoolJob, cost: float, t: float) -> bool:
    """The first of its job, or needed soon; no listener waits for the first sentence of a file."""
    if job.file:
        return job.t0 + job.last - t <= cost
    return job.dispatched <= 0 or job.t0 + job.dispatched - t <= cost


def _may_make_way(sentence: PoolSentence, t: float) -> bool:
    """Once, before it is half spoken, and if waiting for it would be heard."""
    spoken_ms = t - sentence.at
    return sentence.suspect == 0 and spoken_ms * 2 < sentence.cost and sentence.cost - spoken_ms > LONG_MS


def _take_back(pool: Pool, name: str, seq: int, t: float) -> None:
    sentence = land(pool, name, seq)
    charge(pool, pool.jobs[name], -sentence.cost)
    requeue(pool.jobs[name], seq, t)
    look_at(pool, name, t)


def _choose(pool: Pool, live: Candidate | None, batch: Candidate | None) -> Candidate | None:
    if live and not (batch and pool.credit >= batch.cost):
        if batch:
            earned = live.cost * pool.reserve / (1 - pool.reserve)
            pool.credit = min(pool.credit + earned, max(pool.theta or 0, batch.cost))
        return live
    if batch:
        pool.credit = max(0, pool.credit - batch.cost)
    return batch


def _take(pool: Pool, c: Candidate, message_timeout_ms: float, t: float) -> TaskMessage:
    if c.again:
        del c.job.retries[c.seq]
    else:
        c.job.unfinished[c.seq] = PoolSentence(c.ms, to_digits(c.job.dispatched, 0))
        c.job.next += 1
        c.job.dispatched += c.ms
    pool.fence += 1
    sentence = c.job.unfinished[c.seq]
    sentence.state, sentence.owner, sentence.attempt, sentence.cost = "D", "", pool.fence, to_digits(c.cost, 3)
    sentence.at, c.job.ready = t if c.job.ready is None else c.job.ready, None
    sentence.slot_at = t
    charge(pool, c.job, c.cost)
    pool_governor.spend_rates(pool, len(str(c.seq)), t)
    entry = name_of(c.name, c.seq)
    pool.lease[entry] = t + message_timeout_ms
    pool.outbox[f"{entry}|{pool.fence}"] = t
    look_at(pool, c.name, t)
    return TaskMessage(c.name, c.seq, pool.fence)


def _sentence(pool: Pool, message: TaskMessage, epoch: str | None = None) -> PoolSentence | None:
    """The sentence that a token speaks of, if the token still counts."""
    sentence = pool.jobs[message.job].unfinished.get(message.seq)
    if sentence is None or sentence.attempt != message.attempt or epoch not in (None, pool.epoch):
        return None
    return sentence


def _ended(pool: Pool, message: TaskMessage) -> bool:
    return message.job not in pool.jobs or pool.jobs[message.job].state != "run"


def _claim_verdict(
    pool: Pool, message: TaskMessage, owner: str, lease_ms: int, idle_ms: int | None, t: float
) -> ClaimVerdict:
    if _ended(pool, message):
        return ClaimVerdict.GONE
    sentence, worker = _sentence(pool, message), pool.workers.get(owner)
    if sentence is None or sentence.state != "D":
        return ClaimVerdict.STALE
    if worker is None:
        return ClaimVerdict.UNKNOWN
    entry, other = name_of(message.job, message.seq), pool.workers.get(sentence.owner)
    emptied = other is not None and other is not worker and other.alone == entry
    if pool_handover.comes_back(pool, message, owner, t) or emptied:
        return ClaimVerdict.STALE
    if idle_ms is not None:
        sentence.slot_at = max(sentence.slot_at, t - idle_ms)
    if other is not None:
        other.waiting.discard(entry)
    worker.alone = worker.alone or (entry if sentence.suspect == 1 else "")
    pool.lease[entry] = t + lease_ms
    pool.outbox.pop(f"{entry}|{message.attempt}", None)
    if worker.alone and (worker.alone != entry or worker.speaking):
        sentence.owner = owner
        worker.waiting.add(entry)
        return ClaimVerdict.WAIT
    return ClaimVerdict.CLAIMED if _within_budget(pool, message, owner, t) else ClaimVerdict.GONE


def _within_budget(pool: Pool, message: TaskMessage, owner: str, t: float) -> bool:
    """Count the characters of a request; where the user's budget does not cover them, its job ends."""
    job = pool.jobs[message.job]
    if _spend(pool, job.user, len(str(message.seq)), t):
        return True
    job.unfinished[message.seq].owner = owner
    spent = f"the user has spent the {pool.users[job.user].budget or 0:.0f} characters of this day (UTC)"
    why = f"sentence {message.seq}: BudgetSpent: {spent}"
    pool.todo[f"end|{message.job}|failed|{why}"] = t
    end(pool, message.job, "failed", why, t)
    return False


def claim(
    pool: Pool, message: TaskMessage, owner: str, lease_ms: int, spec: str, spoken_text: str, raw: float,
    idle_ms: int | None = None,
) -> ClaimResult:  # fmt: skip
    """Whatever comes a second time, or too late, is refused. A suspect runs alone in its process."""
    t = pool.tick(raw)
    verdict = _claim_verdict(pool, message, owner, lease_ms, idle_ms, t)
    if verdict is not ClaimVerdict.CLAIMED:
        return ClaimResult(verdict)
    job, worker = pool.jobs[message.job], pool.workers[owner]
    sentence = job.unfinished[message.seq]
    lead = job.t0 + (job.last if job.file else resumes_at(pool, sentence)) - t
    pool.numbers["engine_requests"] += 1
    pool.numbers["engine_characters"] += len(str(message.seq))
    pool.numbers[f"wait_{job.kind}:{bucket(t - sentence.at, WAIT_BOUNDS_MS)}"] += 1
    if job.kind == LIVE and not job.file and sentence.suspect != 3:
        pool.numbers[f"slack:{bucket(lead, SLACK_BOUNDS_MS)}"] += 1
        if sentence.suspect in (0, pool_displacement.DISPLACED) and sentence.failures == 0:
            _note_lateness(pool, late=lead < -LATE_BY_MS)
        pool_displacement.note_claim(pool, message.job, message.seq, sentence, lead, t)
    if lead > 0:
        lead *= squeeze(pool.load, 0.85)
    waited = int(to_digits(t - sentence.at, 0))
    sentence.state, sentence.owner, sentence.at = "R", owner, t
    worker.speaking[name_of(message.job, message.seq)], worker.until = message.attempt, t + lease_ms
    expected = int(to_digits(sentence.cost, 0))
    return ClaimResult(
        ClaimVerdict.CLAIMED,
        pool.epoch,
        spec,
        spoken_text,
        int(to_digits(lead, 0)),
        sentence.ms,
        sentence.failures,
        expected,
        waited,
        int(to_digits(pool_handover.expected_silence(pool, sentence.cost), 0)) if job.kind == LIVE else 0,
        user=job.user,
        live=job.kind == LIVE and not job.file,
    )


def _note_lateness(pool: Pool, *, late: bool) -> None:
    """A live sentence was claimed, after its deadline or in time."""
    factor = pool.lateness
    if late or factor >= CALM:
        pool.late = max(1, min(LATE_MOST, factor + (LATE_STEP if late else -CALM_STEP)))
        pool.late_at = pool.now or 0


def _spend(pool: Pool, name: str, chars: int, t: float) -> bool:
    """Count the characters of a request, if the user has a budget and it covers them."""
    user, day = pool.users[name], (int(t // DAY_MS), name)
    if user.budget is None:
        return True
    if pool.spent.get(day, 0) + chars > user.budget:
        return False
    pool.spent[day] = pool.spent.get(day, 0) + chars
    return True


def finish(pool: Pool, message: TaskMessage, finished: FinishedSentence, raw: float) -> FinishVerdict:
    """A sentence is whole: its user pays what it took, and the pool learns what sentences cost."""
    t = pool.tick(raw)
    if _ended(pool, message):
        return FinishVerdict.GONE
    wall_ms, audio_ms = finished.wall_ms, finished.audio_ms
    sentence = _sentence(pool, message, finished.epoch)
    if sentence is None or not sentence.in_flight:
        return FinishVerdict.STALE
    if wall_ms > 0 and finished.silence_ms is not None:
        pool_handover.note_silence(pool, finished.silence_ms)
    room, took = pool.live_room, wall_ms  # as it is before the sentence raises what is allowed
    if wall_ms > 0 and sentence.state == "R":
        took += min(MOST_BETWEEN_MS, max(0, t - sentence.slot_at - wall_ms - finished.ahead_ms))
    land(pool, message.job, message.seq)
    if wall_ms > 0:
        pool_governor.note_outcome(pool, message.job, failed=False)
        pool_governor.raise_after_sentence(pool, message.attempt, t)
        pool.numbers[f"synthesis:{bucket(wall_ms, TIME_BOUNDS_MS)}"] += 1
    charge(pool, pool.jobs[message.job], took - sentence.cost)
    took += sentence.spent or 0
    if wall_ms > 0 and audio_ms > 0:
        _learn(pool, took, audio_ms)
        _follow_speed(pool, pool.jobs[message.job], room)
    over(pool, message.job, message.seq, audio_ms, t)
    look_at(pool, message.job, t)
    return FinishVerdict.OK


def finish_and_claim(
    pool: Pool, message: TaskMessage, finished: FinishedSentence, owner: str, lease_ms: int, most: int, raw: float,
    slot: str = "", standby_ms: int = 0, own: int = 1,
) -> NextSentence:  # fmt: skip
    """A slot takes its next sentence: the first that is picked, unless that one, or another here, must run alone.

    Without one, a slot with a name goes on standby.
    """
    verdict = finish(pool, message, finished, raw)
    if verdict is not FinishVerdict.OK:
        return NextSentence(verdict, standby=f"{owner}|{slot}" in pool.standby)
    (picked, ahead), worker = pick_own(pool, most, 4_000, raw, own), pool.workers.get(owner)
    waits = worker is None or worker.alone or (ahead and pool.jobs[ahead.job].unfinished[ahead.seq].suspect == 1)
    if ahead and waits:  # it comes by message
        picked, ahead = (*picked, ahead), None
    if not picked and slot:
        t = pool.tick(raw)
        return NextSentence(verdict, standby=pool_standby.enter(pool, owner, slot, t + standby_ms, t))
    if not picked or worker is None or worker.alone or pool.jobs[picked[0].job].unfinished[picked[0].seq].suspect == 1:
        return NextSentence(verdict, picked=picked, ahead=ahead)
    claimed = claim(pool, picked[0], owner, lease_ms, "", "", raw)
    if claimed.verdict is not ClaimVerdict.CLAIMED:  # it made way for the next one, or its user's budget is spent
        return NextSentence(verdict, picked=picked, ahead=ahead)
    return NextSentence(verdict, picked[0], claimed, picked[1:], ahead=ahead)


def _learn(pool: Pool, took_ms: float, audio_ms: float) -> None:
    """The pool's speed is a quotient of sums that fade, of thirty sentences or so. Theta follows the largest cost."""
    audio = FIRST_GUESS_MS if pool.audio is None else pool.audio
    wall = audio * (took_ms / audio_ms if pool.rtf is None else pool.rtf) if pool.wall is None else pool.wall
    pool.audio, pool.wall = audio * 29 / 30 + audio_ms, wall * 29 / 30 + took_ms
    pool.rtf = pool.wall / pool.audio
    cost = took_ms if pool.cost is None else pool.cost
    pool.cost = cost + (took_ms - cost) / 30
    pool.theta = max((pool.theta or 0) * 0.99, 1.5 * took_ms)


def _follow_speed(pool: Pool, job: PoolJob, room: float) -> None:
    """A live job needs its share as its engine speaks now."""
    share = min((pool.rtf or 0) * job.speed, room)
    if job.kind == LIVE and share > 0 and abs(share - job.rate) > job.rate * SAME_SHARE:
        job.rate = share


def fail(
    pool: Pool, message: TaskMessage, epoch: str, reason: str, retry: RetryPolicy, raw: float, *, blame: bool
) -> FinishVerdict:
    """An attempt came to nothing."""
    t = pool.tick(raw)
    if _ended(pool, message):
        return FinishVerdict.GONE
    sentence = _sentence(pool, message, epoch)
    if sentence is None or not sentence.in_flight:
        return FinishVerdict.STALE
    spared = blame and not pool_governor.blame_after_failure(pool, message.job)
    give_back(
        pool, message.job, message.seq, reason, t, blame=blame and not spared, most=retry.max_failures,
        backoff=retry.backoff_ms, wait=retry.backoff_ms if spared else 0,
    )  # fmt: skip
    return FinishVerdict.OK


def postpone(pool: Pool, message: TaskMessage, epoch: str, retry_ms: int, scope: str, raw: float) -> FinishVerdict:
    """The engine was busy: the sentence waits, and nothing is blamed."""
    t = pool.tick(raw)
    if _ended(pool, message):
        return FinishVerdict.GONE
    sentence = _sentence(pool, message, epoch)
    if sentence is None or not sentence.in_flight:
        return FinishVerdict.STALE
    pool.numbers[f"postponed_{scope}"] += 1
    job = pool.jobs[message.job]
    land(pool, message.job, message.seq)
    charge(pool, job, -sentence.cost)
    if job.kind == LIVE and sentence.suspect == 0:
        sentence.suspect = 3
    requeue(job, message.seq, t + retry_ms)
    look_at(pool, message.job, t)
    pool_governor.lower_after_refusal(pool, message.attempt, scope, retry_ms, t)
    return FinishVerdict.OK


def fill_done(pool: Pool, name: str, seq: int, entry: str, filled_ms: float, raw: float) -> bool:
    """The job's slot has closed a given-up sentence as a gap."""
    t = pool.tick(raw)
    pool.todo.pop(entry, None)
    job = pool.jobs.get(name)
    if job is None or job.state != "run" or seq not in job.unfinished or job.unfinished[seq].state != "X":
        return False
    over(pool, name, seq, filled_ms, t)
    look_at(pool, name, t)
    return True
