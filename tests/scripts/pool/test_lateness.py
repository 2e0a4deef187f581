"""The lateness factor: sentences that are claimed late make admission count with more demand, calm takes it back."""

from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from seriatim.lua.pool_records import SubmitVerdict
from seriatim.lua.pool_scripts import signals
from seriatim.pool_metrics import PoolMetrics
from seriatim.records import JobKind, Play, TaskMessage
from tests.scripts.pool.pool_driver import POOL, P, PoolDriver

STEP, CALM_STEP, MOST = 0.02, 0.001, 1.5


def figures(stage: PoolDriver) -> PoolMetrics:
    found: PoolMetrics = stage.do(signals(POOL))
    return found


def late_claims(stage: PoolDriver, n: int) -> None:
    """So many live sentences are claimed a second after their deadline; their jobs end, and leave no share behind."""
    for _ in range(n):
        job = f"late at {stage.now}"
        stage.accept(job, 1_000, user="eve", target_ms=0)
        message = stage.pick_one()
        stage.now += 1_000
        stage.takes("w1", message)
        stage.cancel(job)


def test_each_late_claim_raises_it(redis: Redis) -> None:
    stage = PoolDriver(redis)
    late_claims(stage, 1)
    assert figures(stage).lateness == pytest.approx(1 + STEP)
    late_claims(stage, 1)
    assert figures(stage).lateness == pytest.approx(1 + STEP * 0.5 ** (1 / 60) + STEP)


@pytest.mark.parametrize(("late_ms", "factor"), [(100, 1), (101, 1 + STEP)])
def test_a_silence_of_a_tenth_of_a_second_is_not_late(redis: Redis, late_ms: int, factor: float) -> None:
    """A reader that reports each chunk as heard when it comes has no more slack."""
    stage = PoolDriver(redis)
    stage.accept("talk", 1_000, target_ms=0)
    message = stage.pick_one()
    stage.now += late_ms
    stage.takes("w1", message)
    assert figures(stage).lateness == pytest.approx(factor)


def test_it_has_a_bound(redis: Redis) -> None:
    stage = PoolDriver(redis)
    late_claims(stage, 60)
    assert figures(stage).lateness == pytest.approx(MOST)


def test_half_of_it_is_gone_in_a_calm_minute(redis: Redis) -> None:
    stage = PoolDriver(redis)
    late_claims(stage, 5)
    before = figures(stage).lateness
    stage.passes(60_000)
    assert figures(stage).lateness - 1 == pytest.approx((before - 1) / 2)


def test_claims_in_time_take_it_back(redis: Redis) -> None:
    """Twenty for each late one: where fewer than one of twenty is late, it falls."""
    stage = PoolDriver(redis, slots=40)
    late_claims(stage, 1)
    before = figures(stage).lateness
    for i in range(19):
        stage.accept(f"talk{i}", 1_000)
        stage.speaks(stage.pick_one(), 1_000)
    assert figures(stage).lateness == pytest.approx(before - 19 * CALM_STEP)
    for i in range(3):
        stage.accept(f"more{i}", 1_000)
        stage.speaks(stage.pick_one(), 1_000)
    assert figures(stage).lateness <= 1.0005, "it does not fall below"


def test_demand_counts_so_much_more_at_admission(redis: Redis) -> None:
    """There is room for three at 0.3 slots each, and with a factor of 1.1 for two."""
    verdicts = []
    for n_late in (0, 6):
        redis.flushall()
        stage = PoolDriver(redis, rtf=0.3)
        late_claims(stage, n_late)
        for name in ("ann", "bob"):
            stage.accept(f"talk of {name}", *[1_000] * 9, user=name)
        verdicts.append(stage.submit("a third", *[1_000] * 9, user="cid").verdict)
    assert verdicts == [SubmitVerdict.ACCEPTED, SubmitVerdict.BUSY]


def test_an_idle_pool_accepts_a_listener_however_late_it_was(redis: Redis) -> None:
    """Or a pool that is as slow as speech would refuse until the factor has gone."""
    stage = PoolDriver(redis, rtf=0.9)
    late_claims(stage, 60)
    stage.passes(2_000)
    stage.accept("talk", 1_000)


def test_the_figures_show_what_admission_counts_with(redis: Redis) -> None:
    stage = PoolDriver(redis, rtf=0.3)
    late_claims(stage, 6)
    for name in ("ann", "bob"):
        stage.accept(f"talk of {name}", *[1_000] * 9, user=name)
    found = figures(stage)
    assert found.load == pytest.approx(found.demand * found.lateness / found.room)
    assert found.refusing, "a third listener would be"
    assert found.chunk_share == pytest.approx((1 - found.load) / 0.15 if found.load > 0.85 else 1)


@pytest.mark.parametrize("options", [{"kind": JobKind.BATCH}, {"play": Play.WHOLE}], ids=["batch", "file"])
def test_only_what_a_listener_waits_for_raises_it(redis: Redis, options: dict[str, Any]) -> None:
    stage = PoolDriver(redis)
    stage.accept("talk", 1_000, **options)
    message = stage.pick_one()
    stage.passes(10_000)
    stage.takes("w1", message)
    assert figures(stage).lateness == 1


@pytest.mark.parametrize("fault", ["failed", "postponed", "handed over"])
def test_a_sentence_that_is_late_by_a_fault_does_not_raise_it(redis: Redis, fault: str) -> None:
    stage = PoolDriver(redis)
    stage.hire("w2")
    redis.hset(f"{P}:m", "handovers_left", 1)
    stage.accept("talk", 1_000)
    message = stage.pick_one()
    stage.takes("w1", message)
    stage.now += 3_000
    faults: dict[str, Callable[[TaskMessage], object]] = {
        "failed": stage.fail, "postponed": stage.postpone, "handed over": stage.handover,
    }  # fmt: skip
    faults[fault](message)
    stage.now += 1_000
    stage.takes("w2", stage.pick_one())
    assert figures(stage).lateness == 1


def test_batch_is_not_held_back_when_no_listener_and_no_worker_is_left(redis: Redis) -> None:
    """A sum of floats may leave a rest of the listeners' demand: without a slot it would count as a full pool."""
    stage = PoolDriver(redis)
    stage.accept("book", *[1_000] * 4, kind=JobKind.BATCH, window_ms=2_000)
    message = stage.pick_one()
    stage.takes("w1", message)
    stage.beat("w1", message, slots=0)
    redis.hset(f"{P}:m", "demand", "0.00000000000000001")
    stage.finish(message, 1_000)
    assert redis.zscore(f"{P}:shut", "book") is None
