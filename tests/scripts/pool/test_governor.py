"""The governor: how many sentences all workers speak at once where the engine's server limits it (decision 30)."""

import pytest
from redis import Redis

from seriatim.engine import ServerLimits
from seriatim.lua import pool_scripts
from seriatim.lua.pool_records import FinishVerdict, SubmitVerdict
from seriatim.pool_metrics import PoolMetrics
from seriatim.records import JobKind, TaskMessage
from tests.scripts.pool.pool_driver import POOL, PoolDriver
from tests.support.ttl_check import assert_every_key_expires


def speaking(redis: Redis, n: int, sentences: int = 400) -> tuple[PoolDriver, list[TaskMessage]]:
    """A book, and `n` sentences of it that are being spoken in as many slots."""
    stage = PoolDriver(redis, slots=n)
    stage.redis.hset("seriatim:1:{p:p}:m", "cost", 1_000)  # long sentences: none waits for a slot
    stage.accept("book", *[1_000] * sentences, kind=JobKind.BATCH, window_ms=10_000_000)
    messages = stage.pick()
    stage.takes("w1", *messages)
    return stage, messages


def metrics(stage: PoolDriver) -> PoolMetrics:
    found: PoolMetrics = stage.do(pool_scripts.signals(POOL))
    return found


def finish_first(stage: PoolDriver, messages: list[TaskMessage], wall_ms: float = 1_000) -> list[TaskMessage]:
    """The first of them is spoken, and what is picked then takes its place."""
    first, *others = messages
    assert stage.finish(first, 1_000, wall_ms) is FinishVerdict.OK
    found = stage.pick()
    stage.takes("w1", *found)
    return [*others, *found]


def test_a_server_that_is_overloaded_halves_the_limit_once_and_pauses_the_pool(redis: Redis) -> None:
    """Eight requests refused at once are one piece of news."""
    stage, messages = speaking(redis, 8)
    for message in messages:
        stage.postpone(message, 2_000, "system")
    assert metrics(stage).allowed == 4
    stage.passes(1_999)
    assert stage.pick() == []
    stage.passes(1)
    assert len(stage.pick()) == 4
    assert_every_key_expires(redis)


def test_a_server_that_counts_requests_says_how_many_it_takes(redis: Redis) -> None:
    """Of eight, three are refused: five are what it accepts. Nothing new is sent until one of them has ended."""
    stage, messages = speaking(redis, 8)
    stage.redis.hset("seriatim:1:{p:p}:lim", "quiet", 10**12)  # so that no halving hides it
    for message in messages[:3]:
        stage.postpone(message, 1_000)
    assert (metrics(stage).allowed, stage.pick()) == (5, [])
    assert len(finish_first(stage, messages[3:])) == 5


def test_calm_raises_the_limit_and_a_raise_that_is_refused_is_taken_back(redis: Redis) -> None:
    """From the limit that a refusal left, one more is tried; refused, it is not tried again soon."""
    stage, messages = speaking(redis, 4)
    stage.postpone(messages[0], 50)
    assert metrics(stage).allowed == 2
    messages = messages[1:]
    stage.passes(1_000)
    for _ in range(4):
        messages = finish_first(stage, messages)
    assert metrics(stage).allowed == 3
    stage.postpone(messages[-1], 50)
    assert metrics(stage).allowed == 2
    messages = messages[:-1]
    stage.passes(1_000)
    for _ in range(9):
        messages = finish_first(stage, messages)
        assert metrics(stage).allowed == 2
    for _ in range(4):
        messages = finish_first(stage, messages)
    assert metrics(stage).allowed == 3


def test_sentences_from_a_cache_raise_nothing(redis: Redis) -> None:
    """Their server was not asked, so that they do not show that it would take one more request."""
    stage, messages = speaking(redis, 4)
    stage.postpone(messages[0], 50)
    messages = messages[1:]
    stage.passes(1_000)
    for _ in range(20):
        messages = finish_first(stage, messages, wall_ms=0)
        assert metrics(stage).allowed == 2
    finish_first(stage, messages)
    assert metrics(stage).allowed == 3


def test_a_pool_that_does_not_use_its_limit_does_not_raise_it(redis: Redis) -> None:
    """Sentences that are spoken one at a time say nothing about a fifth place."""
    stage = PoolDriver(redis, slots=8)
    stage.redis.hset("seriatim:1:{p:p}:m", "cost", 1_000)
    stage.accept("book", *[1_000] * 80, kind=JobKind.BATCH, window_ms=10_000_000)
    first = stage.pick_one()
    stage.takes("w1", first)
    stage.postpone(first, 500, "system")
    stage.passes(1_000)
    for _ in range(60):
        stage.speaks(stage.pick_one(), 1_000)
    assert metrics(stage).allowed == 4


def test_it_recovers_by_itself_until_nothing_is_limited(redis: Redis) -> None:
    stage, messages = speaking(redis, 8)
    stage.postpone(messages[0], 500, "system")
    messages = messages[1:]
    stage.passes(1_000)
    for _ in range(60):
        messages = finish_first(stage, messages)
    assert (metrics(stage).allowed, metrics(stage).limited) == (8, False)


def test_an_operator_lowers_it_while_the_pool_works_and_a_restart_keeps_that(redis: Redis) -> None:
    """`seriatim set --pool X --allowed 2`: what is spoken goes on, and no more than two are picked from then on."""
    stage, _ = speaking(redis, 6)
    assert stage.do(pool_scripts.limit_pool(POOL, 2)) == (2, 2)
    stage.redis.hset("seriatim:1:{p:p}:m", "epoch", "of another server")
    stage.rebase()
    assert len(stage.pick()) == stage.in_flight() == 2
    assert stage.do(pool_scripts.limit_pool(POOL, None)) == (None, 6)
    stage.pick()
    assert stage.in_flight() == 6


def test_limits_that_the_server_reports_lower_it(redis: Redis) -> None:
    """Places of other clients of the account are not ours; where no request is left, none is sent before the reset."""
    stage, _ = speaking(redis, 6)
    stage.do(pool_scripts.report_limits(POOL, ServerLimits(concurrent=7, max_concurrent=4)).at(stage.now))
    assert metrics(stage).allowed == 3
    stage.do(pool_scripts.report_limits(POOL, ServerLimits(max_concurrent=50)).at(stage.now))
    assert metrics(stage).allowed == 6
    stage.do(pool_scripts.report_limits(POOL, ServerLimits(remaining=0, reset_s=3)).at(stage.now))
    stage.leave("w1", died=False)
    stage.hire("w2", 6)
    assert stage.pick() == []
    stage.passes(3_000)
    assert len(stage.pick()) == 6


def test_requests_and_characters_a_minute_are_kept_by_the_whole_pool(redis: Redis) -> None:
    """Five seconds' worth at once, and one beyond it; then one after another as their time comes."""
    stage, messages = speaking(redis, 8)
    assert stage.do(pool_scripts.limit_rates(POOL, {"requests": 24})) == {"requests": 24}
    for message in messages:
        stage.finish(message, 1_000)
    assert len(stage.pick()) == 3
    stage.passes(2_499)
    assert stage.pick() == []
    stage.passes(1)
    assert len(stage.pick()) == 1
    assert stage.do(pool_scripts.limit_rates(POOL, {"requests": None, "characters": 48})) == {"characters": 48}
    assert len(stage.pick()) == 2, "each has four characters: five seconds"
    stage.passes(5_000)
    assert len(stage.pick()) == 1
    assert stage.do(pool_scripts.limit_rates(POOL, {"characters": None})) == {}
    assert len(stage.pick()) == 1, "the last slot"
    assert_every_key_expires(redis)


@pytest.mark.parametrize(("allowed", "verdict"), [(None, SubmitVerdict.ACCEPTED), (1, SubmitVerdict.BUSY)])
def test_admission_counts_with_the_slots_that_are_allowed(
    redis: Redis, allowed: int | None, verdict: SubmitVerdict
) -> None:
    """A listener whom the server's limit leaves no place is refused, whatever slots the workers have."""
    stage = PoolDriver(redis, slots=8, rtf=0.9, reserve=0.0)
    stage.do(pool_scripts.limit_pool(POOL, allowed))
    stage.accept("first", *[1_000] * 5)
    assert stage.submit("second", *[1_000] * 5).verdict is verdict


def test_where_many_attempts_of_several_jobs_fail_fewer_are_spoken_at_once_before_any_is_given_up(redis: Redis) -> None:
    """An overloaded engine fails everything: it gets one sentence after another, and then each has its attempts."""
    stage = PoolDriver(redis, slots=8)
    stage.redis.hset("seriatim:1:{p:p}:m", "cost", 1_000)
    for job in "abcdefgh":
        stage.accept(job, *[1_000] * 5, kind=JobKind.BATCH, gap="skip", window_ms=1_500)
    seen = [8]
    while seen[-1] > 1:
        for message in stage.pick():
            stage.takes("w1", message)
            stage.fail(message)
        stage.passes(2_000)
        seen.append(metrics(stage).allowed)
        assert stage.m("given_up") == 0
    assert set(seen) == {8, 4, 2, 1}
    for _ in range(60):
        for job in "abcdefgh":
            stage.ack(job, 10_000)
        for message in stage.pick():
            stage.speaks(message, 1_000)
        stage.passes(1_000)
    assert {stage.job(job, "state") for job in "abcdefgh"} == {"spoken"}
    assert metrics(stage).allowed > 1


def test_one_text_that_fails_halves_nothing(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=8)
    stage.accept("bad", *[1_000] * 20, kind=JobKind.BATCH, gap="skip")
    for _ in range(5):
        for message in stage.pick():
            stage.takes("w1", message)
            stage.fail(message)
        stage.passes(2_000)
    assert stage.m("given_up") > 0
    assert metrics(stage).allowed == 8
