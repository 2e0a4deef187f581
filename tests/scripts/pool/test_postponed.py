"""Postponed sentences: their engine's server accepts no request now (docs/explanation/architecture.md)."""

from redis import Redis

from seriatim.lua.pool_records import ClaimVerdict, FinishVerdict, RetryPolicy
from seriatim.lua.pool_scripts import signals
from seriatim.pool_metrics import PoolMetrics
from tests.scripts.pool.pool_driver import POOL, PoolDriver


def test_a_postponed_sentence_is_spoken_after_its_time_and_never_blamed(redis: Redis) -> None:
    """However often the server is busy: no failure, no growing back-off, no dead letter."""
    stage = PoolDriver(redis, slots=1)
    stage.retry = RetryPolicy(max_failures=1, backoff_ms=200)
    stage.accept("j", 1_000)
    for _ in range(10):
        message = stage.pick_one()
        stage.takes("w1", message)
        assert stage.postpone(message, 1_000, "system") is FinishVerdict.OK
        assert stage.pick() == []
        stage.passes(999)
        assert stage.pick() == []
        stage.passes(1)
    message = stage.pick_one()
    claimed = stage.claim(message)
    assert (claimed.verdict, claimed.failures) == (ClaimVerdict.CLAIMED, 0)
    stage.finish(message, 1_000)
    assert (stage.job("j", "state"), stage.m("given_up"), stage.m("retries")) == ("spoken", 0, 0)
    assert redis.hget("seriatim:1:{p:p}:n", "postponed_system") == b"10"


def test_the_slack_of_a_postponed_sentence_is_counted_at_its_first_claim_alone(redis: Redis) -> None:
    """However late the server makes it: an alert would ask for more workers, which would not help."""
    stage = PoolDriver(redis, slots=1)
    stage.accept("j", 1_000, target_ms=400)
    for _ in range(3):
        message = stage.pick_one()
        stage.takes("w1", message)
        stage.postpone(message, 1_000, "system")
        stage.passes(1_000)
    stage.speaks(stage.pick_one(), 1_000)
    metrics: PoolMetrics = stage.do(signals(POOL))
    assert metrics.slack.n == metrics.counts["slack:500"] == 1


def test_a_postponement_counts_once_and_only_for_the_attempt_that_has_the_sentence(redis: Redis) -> None:
    """It may arrive twice, or from a worker that has lost the sentence."""
    stage = PoolDriver(redis, slots=1)
    stage.accept("j", 1_000)
    message = stage.pick_one()
    stage.takes("w1", message)
    assert [stage.postpone(message), stage.postpone(message)] == [FinishVerdict.OK, FinishVerdict.STALE]
    stage.cancel("j")
    assert stage.postpone(message) is FinishVerdict.GONE
    assert stage.in_flight() == 0
