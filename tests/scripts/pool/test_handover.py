"""Handover: another process speaks a sentence, too, for which an engine gives no sound (lua/pool/handover.lua)."""

import pytest
from redis import Redis

from seriatim.lua.pool_records import ClaimVerdict, FinishVerdict
from seriatim.records import JobKind, TaskMessage
from tests.scripts.pool.pool_driver import LEASE_MS, P, PoolDriver

KNOWN = 20  #: sentences after which the pool's silences are known


def measured(redis: Redis, *, slots: int = 1, n: int = KNOWN, silence_ms: float = 200) -> PoolDriver:
    """A pool of two processes that has spoken `n` sentences."""
    stage = PoolDriver(redis, slots=slots)
    stage.hire("w2", slots)
    stage.accept("before", *[100] * n)
    for _ in range(n):
        message = stage.pick_one()
        stage.takes("w2", message)
        stage.finish(message, 100, silence_ms=silence_ms)
    return stage


def speak_first(stage: PoolDriver, job: str = "j", **options: object) -> TaskMessage:
    """The first process speaks the sentence of a new job."""
    stage.accept(job, 1_000, **options)
    message = stage.pick_one()
    stage.takes("w1", message)
    return message


def taken_again(stage: PoolDriver, owner: str) -> TaskMessage:
    message = stage.pick_one()
    stage.takes(owner, message)
    return message


def test_another_process_takes_the_sentence_under_a_higher_attempt(redis: Redis) -> None:
    """Nothing is blamed, and the first attempt finds itself superseded; a call that is repeated changes nothing."""
    stage = measured(redis)
    first = speak_first(stage)
    assert [stage.handover(first), stage.handover(first)] == [True, True]
    assert stage.m("slots") == 1
    assert stage.in_flight() == 0
    second = taken_again(stage, "w2")
    assert (second.job, second.seq) == (first.job, first.seq)
    assert second.attempt > first.attempt
    assert stage.finish(first, 1_000) is FinishVerdict.STALE
    assert stage.record(second)[2] == "0", "no failure is counted"
    assert stage.finish(second, 1_000) is FinishVerdict.OK
    assert stage.job("j", "state") == "spoken"
    assert redis.hget(f"{P}:n", "handed_over") == b"1"


def test_the_silent_process_has_a_slot_less_until_its_next_heartbeat(redis: Redis) -> None:
    stage = measured(redis, slots=2)
    first = speak_first(stage)
    assert stage.m("slots") == 4
    stage.handover(first)
    assert stage.m("slots") == 3
    assert stage.beat("w1", slots=1) == (True, frozenset())
    assert stage.m("slots") == 3


def test_the_silent_process_does_not_get_its_own_sentence_back(redis: Redis) -> None:
    """Its other slots would wait for the same engine; once its time is over, any process may have it."""
    stage = measured(redis, slots=2)
    first = speak_first(stage)
    stage.handover(first, silent_ms=3_000)
    again = stage.pick_one()
    assert stage.claim(again, "w1").verdict is ClaimVerdict.STALE
    assert stage.in_flight() == 0
    stage.passes(50)
    third = stage.pick_one()
    assert (third.job, third.seq) == (first.job, first.seq)
    stage.now += 2_950
    assert stage.claim(third, "w1").verdict is ClaimVerdict.CLAIMED


def test_none_of_two_sentences_comes_back_to_the_silent_process(redis: Redis) -> None:
    """An engine that speaks several at once hangs in all of them."""
    stage = measured(redis, slots=3, n=3 * KNOWN)
    messages = [speak_first(stage, f"j{n}") for n in range(2)]
    assert all(stage.handover(message) for message in messages)
    again = stage.pick()
    assert {message.job for message in again} == {message.job for message in messages}
    assert [stage.claim(message, "w1").verdict for message in again] == [ClaimVerdict.STALE] * 2


@pytest.mark.parametrize("why", ["batch", "alone", "handed over", "unknown", "epoch"])
def test_it_stays_where_it_is(redis: Redis, why: str) -> None:
    """No listener waits for batch; a pool of one process has no other; each sentence is handed over once."""
    stage = measured(redis, n=KNOWN - 1 if why == "unknown" else 2 * KNOWN)
    message = speak_first(stage, kind=JobKind.BATCH if why == "batch" else JobKind.LIVE)
    if why == "alone":
        stage.leave("w2", died=False)
    if why == "epoch":
        stage.epochs[message] = "other"
    if why == "handed over":
        assert stage.handover(message)
        stage.beat("w1", slots=1)
        message = taken_again(stage, "w2")
    assert not stage.handover(message, owner="w2" if why == "handed over" else "w1")
    assert stage.record(message)[0] == "R"


def test_a_machine_that_is_late_as_a_whole_has_few_sentences_spoken_twice(redis: Redis) -> None:
    """Of twenty sentences one may be handed over, and two in a row."""
    stage = measured(redis, slots=10, n=5 * KNOWN)
    messages = [speak_first(stage, f"j{n}") for n in range(10)]
    assert [stage.handover(message) for message in messages].count(True) == 2


def test_the_silence_to_expect_is_the_longest_recent_one_and_longer_for_longer_sentences(redis: Redis) -> None:
    stage = measured(redis, n=KNOWN - 1)
    stage.accept("j", *[1_000] * 3, 20_000)
    message = stage.pick_one()
    assert stage.claim(message).silence_ms == 0, "too few are known"
    stage.finish(message, 1_000, silence_ms=500)
    message = stage.pick_one()
    assert stage.claim(message).silence_ms == 500
    stage.finish(message, 1_000, silence_ms=10)
    message = stage.pick_one()
    assert stage.claim(message).silence_ms == 495
    stage.finish(message, 1_000, silence_ms=10)
    long = stage.claim(stage.pick_one())
    assert long.silence_ms == pytest.approx(490 * 20, rel=0.05), "all the others took a twentieth of its time"


def test_batch_work_expects_no_silence(redis: Redis) -> None:
    stage = measured(redis)
    stage.accept("j", 1_000, kind=JobKind.BATCH)
    assert stage.claim(stage.pick_one()).silence_ms == 0


def test_another_engine_is_measured_anew(redis: Redis) -> None:
    stage = measured(redis)
    redis.hset(f"{P}:m", "engine", "another")
    stage.hire("w3")
    stage.accept("j", 1_000)
    assert stage.claim(stage.pick_one()).silence_ms == 0


def test_the_process_may_die_while_another_speaks(redis: Redis) -> None:
    """What it gave away is not its own any more: the other attempt goes on, and is not suspected."""
    stage = measured(redis)
    first = speak_first(stage)
    stage.handover(first)
    second = taken_again(stage, "w2")
    assert stage.leave("w1", died=True) == 0
    stage.passes(LEASE_MS - 1_000)
    assert stage.finish(second, 1_000) is FinishVerdict.OK
