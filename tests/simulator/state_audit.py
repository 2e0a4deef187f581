"""An audit of the pool's state, read between two steps: counts against rows, indexes against what they index.

Nothing here knows how the scripts work; it knows what the keys mean (seriatim/keys.py) and that they must agree.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from redis import Redis

from seriatim.keys import pool_prefix
from tests.simulator.scheduler import POOL, Violation

CLASSES = ("L", "B")
CENT = 0.01  #: ms: sums of floats


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A sentence that was begun."""

    state: str
    attempt: int
    failures: int
    suspect: bool
    owner: str

    @classmethod
    def parse(cls, packed: bytes) -> "AuditRow":
        """Read a field of `:js:<job>`."""
        state, attempt, failures, _cost, _ms, _position, _at, suspect, owner = packed.decode().split(",", 8)
        return cls(state, int(attempt), int(failures), suspect == "1", owner)


@dataclass(slots=True)
class JobBook:
    """A job as the pool has it."""

    name: str
    facts: dict[str, str]
    rows: dict[int, AuditRow]
    retries: dict[int, float]
    n_texts: int

    @property
    def runs(self) -> bool:
        """Is the pool's part not over?"""
        return self.facts.get("state") == "run"

    def number(self, field_name: str) -> float:
        """A number of the hash."""
        return float(self.facts[field_name])

    @property
    def flying(self) -> dict[str, AuditRow]:
        """Its sentences that are dispatched or running, by lease name."""
        return {f"{self.name}|{seq}": row for seq, row in self.rows.items() if row.state in "DR"}

    @property
    def window_open(self) -> bool:
        """May its next sentence be begun?"""
        ahead = self.number("dispatched") - self.number("acked")
        return self.number("next") < self.number("n") and ahead < self.number("window")


@dataclass(slots=True)
class Books:
    """The whole pool at one moment."""

    facts: dict[str, str]
    zsets: dict[str, dict[str, float]]
    jobs: dict[str, JobBook]
    users: dict[str, dict[str, str]]
    queues: dict[tuple[str, str], dict[str, float]]  #: (class, user) -> job -> deadline
    workers: dict[str, tuple[dict[str, str], dict[str, str]]] = field(default_factory=dict)  #: hash, rows

    def number(self, name: str) -> float:
        """A number of the pool's hash."""
        return float(self.facts.get(name, 0))

    @property
    def running(self) -> list[JobBook]:
        """Jobs whose pool part is not over."""
        return [job for job in self.jobs.values() if job.runs]


def _hash(reply: dict[bytes, bytes]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in reply.items()}


def _zset(reply: list[tuple[bytes, float]]) -> dict[str, float]:
    return {name.decode(): score for name, score in reply}


FLIGHTS = ("lease", "yields", "resumes", "outbox")
ZSETS = (*FLIGHTS, "todo", "act", "wk", "delay", "shut", "held", "tag:L", "tag:B", "elig:L", "elig:B")


def read(redis: Redis, jobs: list[str], users: list[str]) -> Books:
    """Read everything that is known of the pool."""
    prefix = pool_prefix(POOL)
    pipe: Any = redis.pipeline(transaction=False)
    pipe.hgetall(f"{prefix}:m")
    for name in ZSETS:
        pipe.zrange(f"{prefix}:{name}", 0, -1, withscores=True)
    for job in jobs:
        pipe.hgetall(f"{prefix}:j:{job}").hgetall(f"{prefix}:js:{job}")
        pipe.zrange(f"{prefix}:jr:{job}", 0, -1, withscores=True).hlen(f"{prefix}:jt:{job}")
    for user in users:
        pipe.hgetall(f"{prefix}:u:{user}")
        for kind in CLASSES:
            pipe.zrange(f"{prefix}:uq:{kind}:{user}", 0, -1, withscores=True)
    replies = iter(pipe.execute())
    books = Books(_hash(next(replies)), {name: _zset(next(replies)) for name in ZSETS}, {}, {}, {})
    for job in jobs:
        books.jobs[job] = _job(job, [next(replies) for _ in range(4)])
    for user in users:
        books.users[user] = _hash(next(replies))
        for kind in CLASSES:
            books.queues[kind, user] = _zset(next(replies))
    _read_workers(redis, prefix, books)
    return books


def _job(name: str, replies: list[Any]) -> JobBook:
    rows = {int(seq): AuditRow.parse(packed) for seq, packed in replies[1].items()}
    retries = {int(seq): score for seq, score in _zset(replies[2]).items()}
    return JobBook(name, _hash(replies[0]), rows, retries, replies[3])


def _read_workers(redis: Redis, prefix: str, books: Books) -> None:
    pipe: Any = redis.pipeline(transaction=False)
    for owner in books.zsets["wk"]:
        pipe.hgetall(f"{prefix}:w:{owner}").hgetall(f"{prefix}:run:{owner}")
    replies = iter(pipe.execute())
    for owner in books.zsets["wk"]:
        books.workers[owner] = _hash(next(replies)), _hash(next(replies))


def check(books: Books) -> None:
    """Do the books agree?

    Raises:
        Violation: they do not.
    """
    for test in (_flights, _jobs, _users, _rows, _indexes, _workers, _ended):
        test(books, _demand_that)


def nothing_overdue(redis: Redis) -> None:
    """Right behind a sweep no lease and no worker is over its time.

    Raises:
        Violation: the sweep left one.
    """
    prefix = pool_prefix(POOL)
    now = redis.hget(f"{prefix}:m", "now")
    for name in ("lease", "wk"):
        late = redis.zrangebyscore(f"{prefix}:{name}", "-inf", now)  # type: ignore[arg-type]  # bytes that are a number
        _demand_that(not late, f"overdue in {name} behind a sweep: {late}")


def only_rises(books: Books, acked_ms: dict[str, float]) -> None:
    """What a reader acknowledged stays acknowledged. `acked_ms`: what was seen so far; brought up to date.

    Raises:
        Violation: less is acknowledged than was.
    """
    for job in books.jobs.values():
        acked = float(job.facts.get("acked", acked_ms.get(job.name, 0)))  # its life may be over
        _demand_that(acked >= acked_ms.get(job.name, 0), f"job {job.name}: {acked} ms acknowledged, {acked_ms} before")
        acked_ms[job.name] = acked


def _demand_that(holds: bool, what: str) -> None:
    if not holds:
        raise Violation(what)


Demand = Callable[[bool, str], None]


def _flights(books: Books, demand: Demand) -> None:
    flying = {name: row for job in books.running for name, row in job.flying.items()}
    leases = books.zsets["lease"]
    demand(set(leases) == set(flying), f"leases {sorted(leases)}, in flight {sorted(flying)}")
    demand(books.number("infl") == len(flying), f"infl {books.facts.get('infl')}, in flight {sorted(flying)}")
    for job in books.running:
        demand(job.number("infl") == len(job.flying), f"job {job.name}: infl {job.facts['infl']} of {job.flying}")
    waiting = {f"{name}|{row.attempt}" for name, row in flying.items() if row.state == "D"}
    batch = {name for job in books.running if job.facts["class"] == "B" for name in job.flying}
    strange = set(books.zsets["yields"]) - batch
    demand(not strange, f"may make way, and is no batch sentence in flight: {strange}")
    live = {name for name, row in flying.items() if row.state == "R"} - batch
    strange = set(books.zsets["resumes"]) - live
    demand(not strange, f"may be displaced, and is no live sentence that is spoken: {strange}")
    stray = set(books.zsets["outbox"]) - waiting
    demand(not stray, f"in the outbox, and not dispatched: {stray}")


def _jobs(books: Books, demand: Demand) -> None:
    names = {job.name for job in books.running}
    demand(set(books.zsets["act"]) == names, f"act {sorted(books.zsets['act'])}, running {sorted(names)}")
    demand(books.number("jobs") == len(names), f"jobs {books.facts.get('jobs')}, running {sorted(names)}")
    waiting = sum(job.number("live") for job in books.running)
    demand(books.number("sentences") == waiting, f"sentences {books.facts.get('sentences')}, of the jobs {waiting}")
    rates = sum(job.number("rate") for job in books.running)
    held = sum(float(name.rsplit("|", 1)[1]) for name in books.zsets["held"])
    demand(abs(books.number("held") - held) < 1e-6, f"held {books.facts.get('held')}, who is held {held}")
    demand(abs(books.number("demand") - rates) < 1e-6, f"demand {books.facts.get('demand')}, rates {rates}")


def _users(books: Books, demand: Demand) -> None:
    sums: dict[str, Counter[str]] = {user: Counter() for user in books.users}
    for job in books.running:
        mine = sums[job.facts["user"]]
        mine["infl"] += len(job.flying)
        mine["jobs"] += 1
        mine["queued"] += job.number("total") - job.number("done_ms")  # type: ignore[assignment]
    for user, facts in books.users.items():
        for name, total in sums[user].items():
            there = float(facts.get(name, 0))
            demand(abs(there - total) < CENT, f"user {user}: {name} {there}, of its jobs {total}")


def _rows(books: Books, demand: Demand) -> None:
    fence = books.number("fence")
    for job in books.running:
        waiting = {seq for seq, row in job.rows.items() if row.state == "Q"}
        demand(waiting == set(job.retries), f"job {job.name}: waiting {waiting}, to be retried {set(job.retries)}")
        demand(job.n_texts == job.number("live"), f"job {job.name}: {job.n_texts} texts, live {job.facts['live']}")
        for seq, row in job.rows.items():
            demand(row.attempt <= fence and seq < job.number("next"), f"job {job.name}, {seq}: {row} above {fence}")
            given_up = any(entry.startswith(f"fill|{job.name}|{seq}|") for entry in books.zsets["todo"])
            demand(row.state != "X" or given_up, f"job {job.name}, {seq}: given up, and nobody is to fill it")


def _indexes(books: Books, demand: Demand) -> None:
    now = books.number("now")
    for job in books.running:
        indexed = job.name in books.queues[job.facts["class"], job.facts["user"]]
        ready = any(at <= now for at in job.retries.values())
        later = any(at > now for at in job.retries.values())
        # What only load holds back the sweep looks at again.
        looked_at = indexed or job.name in books.zsets["shut"]
        demand(looked_at or not job.window_open, f"job {job.name} could go on and is not indexed: {job.facts}")
        demand(job.window_open or ready or not indexed, f"job {job.name} cannot go on and is indexed: {job.facts}")
        demand(not later or job.name in books.zsets["delay"], f"job {job.name}: nobody waits for its retry")
    for (kind, user), queue in books.queues.items():
        facts = books.users[user]
        capped = float(facts.get("infl", 0)) >= float(facts.get("cap_infl", 1e9))
        tagged = user in books.zsets[f"tag:{kind}"]
        demand(tagged == (bool(queue) and not capped), f"user {user}, class {kind}: tag {tagged}, {queue}, {facts}")
        demand(tagged or user not in books.zsets[f"elig:{kind}"], f"user {user}, class {kind}: eligible without work")


def _workers(books: Books, demand: Demand) -> None:
    rows = {f"{job.name}|{seq}": row for job in books.running for seq, row in job.rows.items()}
    slots = sum(float(facts["slots"]) for facts, _ in books.workers.values())
    demand(books.number("slots") == slots, f"slots {books.facts.get('slots')}, of the workers {slots}")
    for owner, (facts, running) in books.workers.items():
        for name, attempt in running.items():
            row = rows.get(name)
            fits = row is not None and (row.state, row.owner, row.attempt) == ("R", owner, int(attempt))
            demand(fits, f"worker {owner} speaks {name} by attempt {attempt}; the pool has {row}")
        alone = facts.get("alone")
        if alone is not None:
            row = rows.get(alone)
            fits = row is not None and row.suspect and row.owner == owner
            demand(fits, f"worker {owner} keeps itself free for {alone}; the pool has {row}")
    for name, row in rows.items():
        known = row.owner not in books.workers or name in books.workers[row.owner][1]
        demand(row.state != "R" or known, f"{name} runs in {row.owner}, which does not know it")


def _ended(books: Books, demand: Demand) -> None:
    for job in books.jobs.values():
        left = job.rows or job.retries or job.n_texts
        demand(job.runs or not left, f"job {job.name} is {job.facts.get('state')} and leaves {job}")
