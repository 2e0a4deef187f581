"""`pick` in a full pool, thousands of jobs waiting: the time of the step in the server, and of the round trip to it."""

import time
from collections import deque
from dataclasses import dataclass

from redis import Redis

from bench.broker import started
from bench.load.figures import quantile
from seriatim.dispatch import MAX_PICK
from seriatim.lua import pool_scripts
from seriatim.lua.pool_records import FinishedSentence, Submission, WorkerRegistration
from seriatim.lua.pool_scripts import sentence_argument
from seriatim.lua.script_calls import run, run_many
from seriatim.records import JobKind, TaskMessage
from seriatim.state.pool_record import read_epoch

POOL = "picks"
USERS_SHARE = 5  #: jobs of a user
SLOTS = 64
SENTENCES = 3
WALL_MS = 1_000.0  #: of a sentence in a slot: long enough that batch would make way for a waiting live job
TOGETHER = 200  #: jobs submitted in one round trip
_RTF = 1e-6  #: so that all of them may wait at once: admission is by demand


@dataclass(frozen=True, slots=True)
class Picks:
    """Of one sentence each, among `jobs` live jobs that wait, for the only free slot of `slots`; times in ms."""

    jobs: int
    slots: int
    users: int
    picks: int
    step_p50_ms: float  #: in the server, as its slow log measures it
    step_p99_ms: float
    trip_p50_ms: float  #: with the way there and back
    trip_p99_ms: float


def measure(jobs: int, picks: int) -> Picks:
    """Fill a pool and all its slots, then pick as processes do: whenever a sentence ends, the next for its slot."""
    with started() as broker, broker.connect() as redis:
        _fill(redis, jobs)
        busy = _occupy(redis)
        trips, steps = [], []
        for _ in range(picks):
            _finish(redis, busy.popleft())
            redis.config_set("slowlog-log-slower-than", 0)
            redis.slowlog_reset()
            began_s = time.perf_counter()
            messages = run(redis, pool_scripts.pick(POOL, MAX_PICK, 4_000))
            trips.append((time.perf_counter() - began_s) * 1000)
            steps.append(_step_ms(redis))
            redis.config_set("slowlog-log-slower-than", -1)
            busy += _claimed(redis, messages)
    quantiles = [quantile(values, share) for values in (steps, trips) for share in (0.5, 0.99)]
    return Picks(jobs, SLOTS, jobs // USERS_SHARE, picks, *quantiles)


def _fill(redis: "Redis", jobs: int) -> None:
    facts = WorkerRegistration(SLOTS, 24_000, "exact", _RTF, 1.0, 0.05, "[]", "tone", "here", 1, 0)
    run(redis, pool_scripts.rebase(POOL))
    run(redis, pool_scripts.register(POOL, "worker", 3_600_000, facts))
    rows = [sentence_argument(5_000, '{"text":"said"}')] * SENTENCES
    calls = (
        pool_scripts.submit(
            POOL, Submission(f"{i:032x}", f"user{i % (jobs // USERS_SHARE)}", JobKind.LIVE, '{"v":1}'), rows
        )
        for i in range(jobs)
    )
    while batch := [call for _, call in zip(range(TOGETHER), calls, strict=False)]:
        run_many(redis, batch)


def _step_ms(redis: "Redis") -> float:
    """The longest command since the log was emptied: the pick, beside commands that look at the log."""
    entries = redis.slowlog_get(8)
    return max(float(entry["duration"]) for entry in entries if entry["command"].startswith(b"EVAL")) / 1000


def _occupy(redis: "Redis") -> deque[TaskMessage]:
    """Every slot speaks, and one sentence was spoken before: from then on it is known that they are long."""
    (first,) = _claimed(redis, run(redis, pool_scripts.pick(POOL, 1, 4_000)))
    _finish(redis, first)
    busy: deque[TaskMessage] = deque()
    while messages := run(redis, pool_scripts.pick(POOL, MAX_PICK, 4_000)):
        busy += _claimed(redis, messages)
    if len(busy) != SLOTS:
        raise RuntimeError(f"{len(busy)} sentences in {SLOTS} slots")
    return busy


def _claimed(redis: "Redis", messages: tuple[TaskMessage, ...]) -> tuple[TaskMessage, ...]:
    for message in messages:
        run(redis, pool_scripts.claim(POOL, message, "worker", 3_600_000))
    return messages


def _finish(redis: "Redis", message: TaskMessage) -> None:
    run(redis, pool_scripts.finish(POOL, message, FinishedSentence(read_epoch(redis, POOL), WALL_MS, 5_000.0)))
