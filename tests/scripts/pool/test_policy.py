"""The policy as properties, whatever the order of arrival: shares, no starvation, no idle slot, counts agree."""

from collections import Counter
from dataclasses import dataclass
from itertools import permutations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from redis import Redis

from seriatim.records import JobKind, TaskMessage
from tests.scripts.pool.pool_driver import P, PoolDriver

WEIGHTS = st.sampled_from([0.5, 1.0, 2.0, 4.0])
FOREVER_MS = 10**9
LONG_MS = 250  #: of a slot; where sentences take it for longer, none waits in the queue (shared/capacity.lua)
ONE_SERVER = [
    HealthCheck.function_scoped_fixture,
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
]  #: emptied by each example


@dataclass(frozen=True, slots=True)
class Arrival:
    """A user with more to say than it will get to."""

    weight: float
    lengths: list[int]  #: ms of its sentences, again and again
    jobs: int
    after: int  #: sentences of others spoken before it comes
    kind: JobKind


ARRIVALS = st.lists(
    st.builds(
        Arrival, WEIGHTS, st.lists(st.integers(200, 4_000), min_size=1, max_size=4), st.integers(1, 4),
        st.integers(0, 10), st.just(JobKind.LIVE),
    ),
    min_size=2, max_size=5,
)  # fmt: skip
MIXED = st.lists(
    st.builds(
        Arrival, WEIGHTS, st.lists(st.integers(200, 800), min_size=1, max_size=4), st.integers(1, 2),
        st.integers(0, 10), st.sampled_from(list(JobKind)),
    ),
    min_size=1, max_size=5,
)  # fmt: skip


def come(stage: PoolDriver, arrivals: list[Arrival], n_spoken: int) -> None:
    """Whose time it is; the first is there from the beginning."""
    for i, a in enumerate(arrivals):
        if (a.after if i else 0) != n_spoken:
            continue
        for n in range(a.jobs):
            stage.accept(
                f"u{i}.{n}", *(a.lengths * (320 // len(a.lengths))), user=f"u{i}", weight=a.weight, kind=a.kind,
                window_ms=FOREVER_MS, speed=0.001,
            )  # fmt: skip


def estimate_of(stage: PoolDriver, message: TaskMessage) -> int:
    return int(stage.record(message)[4])


@pytest.mark.timeout(300)
@settings(max_examples=15, suppress_health_check=ONE_SERVER)
@given(arrivals=ARRIVALS)
@pytest.mark.thorough
def test_shares_follow_weights_within_theta_and_two_sentences(redis: Redis, arrivals: list[Arrival]) -> None:
    """While two have work their tags (service by weight) stay that near, and their service over any time twice that."""
    redis.flushall()
    stage = PoolDriver(redis, slots=1)
    had: Counter[int] = Counter()
    theta, first_served = 3_000.0, dict[int, float]()
    for n_spoken in range(90):
        come(stage, arrivals, n_spoken)
        message = stage.pick_one()
        ms, user = estimate_of(stage, message), int(message.job[1 : message.job.index(".")])
        had[user] += round(ms * stage.rtf)
        stage.speaks(message, ms)
        theta = max(theta, stage.m("theta"))
        if n_spoken < 10:
            continue
        served = {i: had[i] / a.weight for i, a in enumerate(arrivals)}
        first_served = first_served or served
        tags = {i: stage.tag(f"u{i}") or 0.0 for i in served}
        for i, j in permutations(served, 2):
            bound = theta + sum(max(arrivals[k].lengths) * stage.rtf / arrivals[k].weight for k in (i, j)) + 1
            assert tags[i] - tags[j] <= bound
            assert (served[i] - first_served[i]) - (served[j] - first_served[j]) <= 2 * bound


@pytest.mark.timeout(300)
@settings(max_examples=15, suppress_health_check=ONE_SERVER)
@given(arrivals=MIXED)
def test_no_job_waits_for_ever(redis: Redis, arrivals: list[Arrival]) -> None:
    """A user with work is served before all others have used up what they may lead by; batch by its reserve."""
    redis.flushall()
    stage = PoolDriver(redis, slots=1, reserve=0.5)
    redis.hset(f"{P}:m", "theta", 100)
    served: set[str] = set()
    for n_spoken in range(300):
        come(stage, arrivals, n_spoken)
        message = stage.pick_one()
        served.add(message.job.partition(".")[0])
        stage.speaks(message, estimate_of(stage, message))
        if len(served) == len(arrivals):
            return
    pytest.fail(f"only {served} of {len(arrivals)} were served")


@pytest.mark.timeout(300)
@settings(max_examples=15, suppress_health_check=ONE_SERVER)
@given(
    arrivals=MIXED, slots=st.integers(1, 6),
    moves=st.lists(st.sampled_from(["pick", "finish", "fail", "cancel", "ack", "pass"]), max_size=40),
)  # fmt: skip
@example([Arrival(1.0, [200], 1, 0, JobKind.LIVE)], 1, ["pick", "pass", "pass", "finish"])  # takes its slot for 300 ms
@example(  # the governor allows one, after so many failures
    [Arrival(0.5, [200], 1, 0, JobKind.BATCH), Arrival(0.5, [200], 2, 6, JobKind.LIVE)], 1,
    [
        "pick", "fail", "pick", "fail", "fail", "pick", "finish", "finish", "pick", "finish", "fail", "pick", "fail",
    ],
)  # fmt: skip
def test_no_slot_idles_beside_work_and_in_flight_is_what_is_leased(
    redis: Redis, arrivals: list[Arrival], slots: int, moves: list[str]
) -> None:
    redis.flushall()
    stage = PoolDriver(redis, slots=slots)
    flying: list[TaskMessage] = []
    for n, move in enumerate(moves):
        come(stage, arrivals, n if n <= 10 else 11)
        if move == "pick":
            flying = _picked(stage, flying)
        elif move == "cancel" and flying:
            gone = flying[0].job
            stage.cancel(gone)
            flying = [message for message in flying if message.job != gone]
        elif move in ("finish", "fail") and flying:
            message = flying.pop(0)
            stage.takes("w1", message)
            stage.finish(message, 900) if move == "finish" else stage.fail(message)
        elif move == "ack" and flying:
            stage.ack(flying[0].job, n * 100)
        elif move == "pass":
            stage.now += 150
        assert stage.in_flight() == len(flying)
    flying = _picked(stage, flying)
    waits = any(redis.zcard(f"{P}:tag:{kind}") for kind in "LB")
    assert len(flying) >= _room(redis, slots) or not waits, "a slot is free while a sentence waits"


def _room(redis: Redis, slots: int) -> int:
    """How many may be in flight: none waits in the queue where they are long, and the governor may allow fewer."""
    cost_ms, allowed = redis.hmget(f"{P}:m", "cost", "allowed")
    room = slots + (-(-slots // 4) if float(cost_ms or 0) < LONG_MS else 0)
    return min(room, int(allowed or room))


def _picked(stage: PoolDriver, flying: list[TaskMessage]) -> list[TaskMessage]:
    """What is in flight afterwards: batch sentences that no slot has taken may have made way for live ones."""
    messages = stage.pick()
    assert len({(message.job, message.seq) for message in messages}) == len(messages)
    stay = [message for message in flying if _counts(stage, message)]
    assert all(stage.job(message.job, "class") == "B" for message in flying if message not in stay)
    return stay + messages


def _counts(stage: PoolDriver, message: TaskMessage) -> bool:
    state, attempt, *_ = stage.record(message)
    return state in "DR" and int(attempt) == message.attempt
