"""The pool as plain Python: what it knows, and the moves that every operation is made of.

This is the specification that lua/pool is tested against. Counts are not kept but counted; who is eligible is not
indexed but asked. What is kept is what the future depends on: tags, finish tags, leases, what a job's last look found.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seriatim.pool_metrics import LENGTH_BOUNDS_MS

if TYPE_CHECKING:
    from tests.scripts.pool_machine.pool_governor import LearnedLevel

RANK = 1e13  #: one step of priority outweighs every deadline
LIVE, BATCH = "L", "B"
DAY_MS = 86_400_000
REST = 1e-9  #: slots: what a sum of floats may leave where nothing is needed
LONG_MS = 250  #: mean cost of a sentence from which on there is no slack


def to_digits(number: float, digits: int) -> float:
    """As a record keeps a number: sentences are packed as text."""
    return float(f"{number:.{digits}f}")


def bucket(ms: float, bounds: tuple[int, ...]) -> str:
    """The smallest bound that holds it."""
    return next((str(bound) for bound in bounds if ms <= bound), "inf")


@dataclass(slots=True)
class PoolSentence:
    """One that was begun and is not over: D dispatched, R running, Q waits for another attempt, X given up."""

    ms: int  #: estimated
    position: float  #: ms of the job before it, as known when it was first dispatched
    state: str = "D"
    attempt: int = 0
    failures: int = 0
    cost: float = 0.0  #: what its user was charged, in slot ms
    at: float = 0.0  #: D: since when it could have been dispatched; R: since when it is spoken
    slot_at: float = 0.0  #: since when it takes a slot's time
    #: 1: it may have killed a process, and runs alone; 2: it made way once; 3: a live one that was postponed; 4: handed
    #: over; 5: displaced
    suspect: int = 0
    spent: float | None = None  #: slot time of displaced attempts; None: its engine cannot go on where it stopped
    owner: str = ""

    @property
    def in_flight(self) -> bool:
        return self.state in "DR"


@dataclass(slots=True)
class PoolJob:
    """A job, running or ended."""

    user: str
    kind: str
    priority: int
    closed: bool
    window: int
    t0: float
    target: int
    rate: float  #: slots that it needs, as measured with its latest sentence
    speed: float
    gap: str
    drain: str
    since: float
    ends_by: float
    grace: int
    producer: float  #: until when its producer is taken for alive; 0: has none
    queue_limit: int
    estimates: list[int]  #: ms of every sentence known
    spec_digest: str = ""  #: digest of its spec,
    cut: str = ""  #: and how its text was cut
    keyed: bool = False  #: it has an idempotency key
    whole: bool = False  #: its producer closed it
    file: bool = False  #: its listener plays it when it is whole
    drift: float = 0.0  #: by how much those that are over were longer than estimated, ms
    seen: float = 0.0
    next: int = 0  #: the first that was never dispatched
    dispatched: float = 0.0
    acked: float = 0.0
    heard_ms: float = 0.0
    reports_playback: bool = False  #: its reader says what was heard
    started: bool = False
    unfinished: dict[int, PoolSentence] = field(default_factory=dict)
    over: set[int] = field(default_factory=set)
    retries: dict[int, float] = field(default_factory=dict)  #: seq -> not before
    state: str = "run"
    reason: str = ""
    due: float | None = None  #: as found when it was last looked at
    ready: float | None = None  #: since when its next sentence could be dispatched

    @property
    def live(self) -> int:
        """Sentences that are not over."""
        return len(self.estimates) - len(self.over)

    @property
    def waiting_ms(self) -> int:
        """Audio of the sentences that are not over, as estimated."""
        return sum(ms for seq, ms in enumerate(self.estimates) if seq not in self.over)

    @property
    def total(self) -> float:
        """Ms of the whole, as known by now."""
        return sum(self.estimates) + self.drift

    @property
    def last(self) -> float:
        """Where its last sentence begins, if that is as long as the others."""
        return self.total * (1 - 1 / max(1, len(self.estimates)))

    @property
    def early(self) -> float:
        """The job that follows needs a share a moment before the listener has heard the end: for its first sentence."""
        return min(1000, max(0, self.t0 - self.since))

    @property
    def rank(self) -> float:
        """Where it stands among the jobs of its user."""
        assert self.due is not None
        return max(0.0, self.due) - self.priority * RANK


@dataclass(slots=True)
class User:
    """The share of a job."""

    weight: float = 1.0
    cap: float | None = None  #: sentences in flight
    budget: float | None = None  #: characters a day
    tag: dict[str, float] = field(default_factory=dict)  #: per class, while there is something to dispatch
    finish: dict[str, float] = field(default_factory=lambda: {LIVE: 0.0, BATCH: 0.0})
    turn: dict[str, int] = field(default_factory=lambda: {LIVE: 0, BATCH: 0})  #: the fence when it was last served


@dataclass(slots=True)
class PoolWorker:
    """A process that is taken for alive."""

    slots: int
    dead_at: float
    until: float = 0.0  #: a sign of life keeps what it speaks until then
    alone: str = ""  #: the suspect that it speaks, or empties itself for
    speaking: dict[str, int] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)  #: what has come to it, and waits for one that runs alone
    fingerprint: str = ""  #: of its audio
    since: float = 0.0
    hot: bool = False  #: its slots take their next sentences by themselves
    ahead: bool = False  #: it may hold one sentence more than it speaks


@dataclass(slots=True)
class Pool:
    """Everything."""

    fingerprint: str = ""

    now: float | None = None
    offset: float = 0.0
    V: dict[str, float] = field(default_factory=lambda: {LIVE: 0.0, BATCH: 0.0})
    E: dict[str, float] = field(default_factory=lambda: {LIVE: 0.0, BATCH: 0.0})
    theta: float | None = None
    rtf: float | None = None
    wall: float | None = None  #: fading sums of what was measured
    audio: float | None = None
    cost: float | None = None
    credit: float = 0.0
    late: float = 1.0  #: lateness factor, as it was
    late_at: float = 0.0  #: then
    eta: float = 1.0
    reserve: float = 0.0
    kept: float = 1.0  #: recent share of refused users that came back in time
    stay: float | None = None  #: ms that a live job stays, recently
    places: int = 0
    fence: int = 0
    epoch: str = "0"
    swept: float = 0.0
    rate_hz: int | None = None
    continuity: str = ""
    resumes: dict[str, float] = field(default_factory=dict)  #: live ones that may be displaced, the most ahead highest
    jobs: dict[str, PoolJob] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    workers: dict[str, PoolWorker] = field(default_factory=dict)
    standby: dict[str, float] = field(default_factory=dict)  #: "owner|slot" -> when it stops waiting
    slot_entries: dict[str, list[str]] = field(default_factory=dict)  #: to such a slot, which has not taken it yet
    keys: dict[tuple[str, str], str] = field(default_factory=dict)  #: (user, idempotency key) -> job
    lease: dict[str, float] = field(default_factory=dict)
    outbox: dict[str, float] = field(default_factory=dict)
    todo: dict[str, float] = field(default_factory=dict)
    delay: dict[str, float] = field(default_factory=dict)
    act: dict[str, float] = field(default_factory=dict)
    dead: dict[str, str] = field(default_factory=dict)
    line: dict[str, float] = field(default_factory=dict)  #: place -> when its user should come back
    shut: dict[str, float] = field(default_factory=dict)  #: batch job that only load holds back -> last look
    ends: dict[str, float] = field(default_factory=dict)  #: live job -> when it will have been heard
    held: dict[str, float] = field(default_factory=dict)  #: live job that is spoken -> when it will have been heard
    own: dict[str, dict[str, float]] = field(default_factory=dict)  #: user -> what an operator set for it
    learned: "LearnedLevel | None" = None  #: what refusals of the engine's server taught
    spent: dict[tuple[int, str], int] = field(default_factory=dict)  #: (day, user with a budget) -> characters
    tried: list[tuple[str, bool]] = field(default_factory=list)  #: (job, it failed), newest first
    tried_since: int = 0  #: attempts since that halved what is spoken at once
    ceiling: int | None = None  #: of an operator
    reported: int | None = None  #: of the server
    reported_at: float = 0.0
    left: int = 0  #: requests
    metered: float = 0.0  #: until then
    per_minute: dict[str, int] = field(default_factory=dict)  #: requests and characters that may be sent in a minute
    due: dict[str, float] = field(default_factory=dict)  #: until when those that were picked last
    paused: float = 0.0  #: nothing is picked until then
    quiet: float = 0.0  #: nothing is halved until then
    numbers: Counter[str] = field(default_factory=Counter)  #: counters that only rise
    silence: float = 0.0  #: largest recent silence of the engine, ms
    silences: int = 0  #: sentences of which it is known
    handovers_left: float = 0.0
    handed: dict[tuple[str, str], tuple[int, float]] = field(default_factory=dict)
    #: (owner, sentence that it gave away) -> attempt, and until when it does not get it back

    def tick(self, raw: float) -> float:
        """One clock: a step back is absorbed, and so is a step of more than ten seconds forward."""
        if self.now is None:
            self.now = raw
        t = raw + self.offset
        if not self.now <= t <= self.now + 10_000:
            self.offset += self.now - t
            t = self.now
        self.now = t
        return t

    @property
    def running(self) -> dict[str, PoolJob]:
        return {name: job for name, job in self.jobs.items() if job.state == "run"}

    def of(self, user: str) -> list[PoolJob]:
        """A user's running jobs."""
        return [job for job in self.running.values() if job.user == user]

    def in_flight(self, jobs: list[PoolJob] | None = None) -> int:
        chosen = self.running.values() if jobs is None else jobs
        return sum(s.in_flight for job in chosen for s in job.unfinished.values())

    @property
    def demand(self) -> float:
        return sum(job.rate for job in self.running.values())

    @property
    def taken(self) -> float:
        """Shares of those who listen, spoken to the end or not."""
        return self.demand + sum(self.jobs[name].rate for name in self.held)

    @property
    def live_room(self) -> float:
        """Slots that live jobs may claim."""
        return self.eta * (1 - self.reserve) * self.usable

    @property
    def lateness(self) -> float:
        """The lateness factor now: half of what is above 1 is gone in a minute."""
        if self.late <= 1:
            return 1
        return 1 + (self.late - 1) * float(0.5 ** (((self.now or 0) - self.late_at) / 60_000))

    @property
    def admission_room(self) -> float:
        """What of it admission counts with."""
        return self.live_room / self.lateness

    @property
    def allowed(self) -> int | None:
        """Sentences that the governor allows at once; None: any number."""
        limits = [limit for limit in (self.ceiling, self.reported) if limit is not None]
        return min([*limits, self.learned.level] if self.learned else limits, default=None)

    @property
    def usable(self) -> int:
        """Slots that the governor lets it use."""
        return self.slots if self.allowed is None else min(self.slots, self.allowed)

    @property
    def load(self) -> float:
        if self.live_room > 0:
            return self.demand * self.lateness / self.live_room
        return 1.0 if self.demand else 0.0

    @property
    def slots(self) -> int:
        return sum(worker.slots for worker in self.workers.values())

    @property
    def room(self) -> int:
        """Sentences that may be dispatched now: where they take long, none has to wait in the queue."""
        return min(self.all_places, self.all_places if self.allowed is None else self.allowed) - self.in_flight()

    @property
    def all_places(self) -> int:
        """Slots, and those in the queue before them."""
        return self.slots + (self.slack if (self.cost or 0) < LONG_MS else 0)

    @property
    def ahead(self) -> int:
        """Sentences that a process may hold beyond those that it speaks: of several none may."""
        offering = [worker for worker in self.workers.values() if worker.slots > 0]
        return int(len(offering) == 1 and offering[0].ahead)

    @property
    def ahead_room(self) -> int:
        """Sentences that may be in flight beyond the places: of a light engine, while there are no listeners."""
        light = self.allowed is None and self.demand <= REST and (self.cost or 0) < LONG_MS
        return self.ahead if light else 0

    @property
    def slack(self) -> int:
        """None waits for a hot slot, which would take another one first."""
        return -(-sum(worker.slots for worker in self.workers.values() if not worker.hot) // 4)


def name_of(job: str, seq: int) -> str:
    return f"{job}|{seq}"


def look_at(pool: Pool, name: str, t: float) -> None:
    """Find out whether a job has something to dispatch, and where that puts its user."""
    job = pool.jobs[name]
    if job.state == "run":
        job.due = _due(pool, name, job, t)
    else:
        job.due = None
    job.ready = None if job.due is None else t if job.ready is None else job.ready
    place(pool, job.user, job.kind)
    if pool.users[job.user].cap is not None:  # the cap spans both classes
        place(pool, job.user, BATCH if job.kind == LIVE else LIVE)


def _due(pool: Pool, name: str, job: PoolJob, t: float) -> float | None:
    """By when the next sentence must be heard; a retry keeps its own place. Batch goes in the order of submission."""
    pool.delay.pop(name, None)
    pool.shut.pop(name, None)
    later = [at for at in job.retries.values() if at > t]
    if later:
        pool.delay[name] = min(later)
    ready = ready_retries(job, t)
    if ready:
        position = resumes_at(pool, job.unfinished[ready[0]])
    elif job.next < len(job.estimates) and job.dispatched - job.acked < job.window:
        if job.dispatched - job.acked >= _window(pool, job):
            pool.shut[name] = t
            return None
        position = job.dispatched
    else:
        return None
    if job.kind == BATCH:
        return job.t0
    return job.t0 + (job.last if job.file else position)


def rtf_of(pool: Pool) -> float:
    return 1 if pool.rtf is None else pool.rtf


def resumes_at(pool: Pool, sentence: PoolSentence) -> float:
    """Where in its job it goes on, in ms."""
    return sentence.position + min(sentence.ms, (sentence.spent or 0) / rtf_of(pool))


def _window(pool: Pool, job: PoolJob) -> float:
    """Batch looks less far ahead while live listeners need the pool."""
    return job.window * (squeeze(pool.load, 0.7) if job.kind == BATCH else 1)


def squeeze(load: float, begin: float) -> float:
    """1 up to a load of `begin`, then less, down to a quarter."""
    return max(0.25, min(1.0, (1 - load) / (1 - begin)))


def ready_retries(job: PoolJob, t: float) -> list[int]:
    return sorted(seq for seq, at in job.retries.items() if at <= t)


def place(pool: Pool, name: str, kind: str) -> None:
    """With nothing to dispatch, or at its cap, a user leaves with its finish tag; otherwise it has a start tag."""
    user = pool.users[name]
    idle = not any(job.due is not None and job.kind == kind for job in pool.of(name))
    capped = user.cap is not None and pool.in_flight(pool.of(name)) >= user.cap
    if idle or capped:
        user.finish[kind] = user.tag.pop(kind, user.finish[kind])
    else:
        user.tag.setdefault(kind, max(pool.V[kind], user.finish[kind]))


def head(pool: Pool, user: str, kind: str) -> tuple[str, PoolJob]:
    """The first of a user's jobs."""
    jobs = [(n, j) for n, j in pool.running.items() if j.user == user and j.kind == kind and j.due is not None]
    return min(jobs, key=lambda pair: (pair[1].rank, pair[0]))


def eligible(pool: Pool, kind: str) -> dict[str, float]:
    """Users whose share is not used up -> the playback deadline of their first job."""
    names = [name for name, user in pool.users.items() if kind in user.tag and user.tag[kind] <= pool.E[kind]]
    return {name: head(pool, name, kind)[1].rank % RANK for name in names}


def charge(pool: Pool, job: PoolJob, cost: float) -> None:
    """Slot time that a user had; negative: that it did not have after all."""
    user = pool.users[job.user]
    tags = user.tag if job.kind in user.tag else user.finish
    tags[job.kind] += cost / user.weight


def land(pool: Pool, name: str, seq: int) -> PoolSentence:
    """Take a sentence out of flight."""
    sentence, entry = pool.jobs[name].unfinished[seq], name_of(name, seq)
    pool.lease.pop(entry, None)
    pool.resumes.pop(entry, None)
    pool.outbox.pop(f"{entry}|{sentence.attempt}", None)
    worker = pool.workers.get(sentence.owner)
    if worker is not None:
        worker.speaking.pop(entry, None)
        worker.waiting.discard(entry)
        worker.alone = "" if worker.alone == entry else worker.alone
    sentence.state = "landed"
    return sentence


def end(pool: Pool, name: str, state: str, reason: str, t: float) -> bool:
    """The pool's part of a job is over. What was in flight is given back to its user."""
    job = pool.jobs.get(name)
    if job is None or job.state != "run":
        return False
    pool.numbers[f"ended_{state}"] += 1
    if state != "spoken":
        _count_early_end(pool, job, t)
    if job.kind == LIVE:
        _hold(pool, name, state, t)
    for seq, sentence in job.unfinished.items():
        if sentence.in_flight:
            land(pool, name, seq)
            charge(pool, job, -sentence.cost)
    job.state, job.reason = state, reason
    job.unfinished, job.retries = {}, {}
    pool.delay.pop(name, None)
    pool.act.pop(name, None)
    pool.ends.pop(name, None)
    pool.shut.pop(name, None)
    look_at(pool, name, t)
    _forget_user(pool, job.user)
    return True


def _hold(pool: Pool, name: str, state: str, t: float) -> None:
    """Spoken ahead of its listener, a live job keeps its share until the end is heard."""
    job = pool.jobs[name]
    heard_out = t if state != "spoken" or job.file else max(t, job.t0 + job.dispatched - job.early)
    if heard_out > t:
        pool.held[name] = heard_out
    stay = heard_out - job.since if pool.stay is None else pool.stay
    pool.stay = stay + (heard_out - job.since - stay) / 30


def let_go_due(pool: Pool, t: float) -> None:
    """Who has heard its end needs no share."""
    for name in [name for name, at in pool.held.items() if at <= t]:
        del pool.held[name]


def _count_early_end(pool: Pool, job: PoolJob, t: float) -> None:
    """What was made and not heard was made in vain; what was never made was saved."""
    partly = sum(made(pool, s, t) for s in job.unfinished.values())
    spoken_ms = job.dispatched - sum(s.ms for s in job.unfinished.values())
    heard_ms = job.acked
    if job.kind == LIVE:
        heard_ms = job.heard_ms if job.reports_playback else min(job.acked, t - job.t0) if job.started else 0
    pool.numbers["wasted_ms"] += int(max(0, spoken_ms - heard_ms) + partly + 1e-6)
    pool.numbers["saved_ms"] += int(max(0, job.waiting_ms - partly) + 1e-6)


def made(pool: Pool, sentence: PoolSentence, t: float) -> int:
    """Ms of audio that a running attempt has made by now."""
    if sentence.state != "R":
        return 0
    return int(min(sentence.ms, (t - sentence.at) / (1 if pool.rtf is None else pool.rtf)) + 1e-6)


def expect_end(pool: Pool, name: str) -> None:
    """When the listener of a live job whose text is whole will need its share no more."""
    job = pool.jobs[name]
    if job.state == "run" and job.kind == LIVE and job.closed:
        pool.ends[name] = job.t0 + job.total - job.early


def _forget_user(pool: Pool, name: str) -> None:
    """Nothing is kept of a user without a job, once its finish tags are behind the virtual time."""
    user = pool.users[name]
    if not pool.of(name) and all(user.finish[kind] <= pool.V[kind] for kind in (LIVE, BATCH)):
        pool.users[name] = User()


def over(pool: Pool, name: str, seq: int, actual_ms: float, t: float) -> None:
    """A sentence is over: the actual time takes the place of the estimate; the last one ends the job."""
    job = pool.jobs[name]
    del job.unfinished[seq]
    job.over.add(seq)
    job.dispatched += actual_ms - job.estimates[seq]
    job.drift += actual_ms - job.estimates[seq]
    expect_end(pool, name)
    if job.live == 0 and job.closed:
        end(pool, name, "spoken", "", t)


def requeue(job: PoolJob, seq: int, not_before: float) -> None:
    sentence = job.unfinished[seq]
    sentence.state, sentence.owner = "Q", ""
    job.retries[seq] = not_before


def give_back(
    pool: Pool, name: str, seq: int, reason: str, t: float, *, blame: bool, most: int, backoff: int, wait: int = 0
) -> None:
    """An attempt came to nothing: refund, and another one after a back-off, or the gap policy."""
    job = pool.jobs[name]
    if job.unfinished[seq].state == "R":
        pool.numbers["wasted_ms"] += made(pool, job.unfinished[seq], t)
    sentence = land(pool, name, seq)
    charge(pool, job, -sentence.cost)
    sentence.failures += blame
    if blame:
        pool.numbers[f"failed:{bucket(sentence.ms, LENGTH_BOUNDS_MS)}"] += 1
    if sentence.failures >= most:
        _give_up(pool, name, seq, reason, t)
        return
    requeue(job, seq, t + backoff * 2 ** (sentence.failures - 1) if blame else t + wait)
    look_at(pool, name, t)


def _give_up(pool: Pool, name: str, seq: int, reason: str, t: float) -> None:
    job, sentence = pool.jobs[name], pool.jobs[name].unfinished[seq]
    pool.dead[name_of(name, seq)] = reason
    sentence.state, sentence.owner = "X", ""
    if job.gap == "fail":
        why = f"sentence {seq}: {reason}"
        pool.todo[f"end|{name}|failed|{why}"] = t
        end(pool, name, "failed", why, t)
        return
    pool.todo[f"fill|{name}|{seq}|{sentence.ms if job.gap == 'silence' else 0}|{reason}"] = t
    look_at(pool, name, t)
