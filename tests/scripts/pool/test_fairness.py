"""Fairness: the jobs that are eligible, and the first of them (docs/explanation/architecture.md)."""

from collections import Counter
from typing import Any

import pytest
from redis import Redis

from seriatim.lua.pool_records import FinishVerdict
from seriatim.lua.pool_scripts import pick
from seriatim.records import JobKind, TaskMessage
from seriatim.user_limits import UserLimits
from tests.scripts.pool.pool_driver import POOL, P, PoolDriver


def speak_for(stage: PoolDriver, rounds: int, audio_ms: float = 1_000) -> Counter[str]:
    """One slot at work for so many sentences; returns the slot ms that each user had."""
    had: Counter[str] = Counter()
    for _ in range(rounds):
        message = stage.pick_one()
        stage.speaks(message, audio_ms)
        had[stage.job(message.job, "user")] += round(audio_ms * stage.rtf)
    return had


def backlog(
    stage: PoolDriver,
    job: str,
    user: str,
    *,
    kind: JobKind = JobKind.LIVE,
    n: int = 400,
    ms: int = 1_000,
    **options: Any,
) -> None:
    stage.accept(job, *[ms] * n, user=user, kind=kind, window_ms=10_000_000, **options)


def test_shares_follow_weights(redis: Redis) -> None:
    stage = PoolDriver(redis)
    backlog(stage, "a", "ann", weight=1.0)
    backlog(stage, "b", "bob", weight=3.0)
    had = speak_for(stage, 200)
    assert had["bob"] / had["ann"] == pytest.approx(3, rel=0.2)


def test_a_hog_with_many_jobs_has_one_share(redis: Redis) -> None:
    """Two users with work differ by no more than theta and a sentence, however long that goes on."""
    stage = PoolDriver(redis, rtf=0.05)
    for i in range(10):
        backlog(stage, f"h{i}", "hog", n=50)
    backlog(stage, "a", "ann")
    had = speak_for(stage, 400)
    assert abs(had["ann"] - had["hog"]) <= 3_000 + 50 < sum(had.values()) / 4


def test_equal_users_of_batch_are_served_in_turn_from_the_first_sentence_on(redis: Redis) -> None:
    """Nothing is measured yet, and no listener gains if one of them is served first."""
    stage = PoolDriver(redis)
    backlog(stage, "a", "ann", kind=JobKind.BATCH)
    backlog(stage, "b", "bob", kind=JobKind.BATCH)
    assert [message.job for message in pick_and_speak(stage, 8)] == ["a", "b"] * 4


def test_what_a_user_may_be_ahead_follows_the_first_measured_cost(redis: Redis) -> None:
    """Equal listeners differ by two sentences at most, however cheap these are; and a slow first one soon fades."""
    stage = PoolDriver(redis, rtf=0.01)
    backlog(stage, "a", "ann", target_ms=0)
    backlog(stage, "b", "bob", target_ms=5_000)
    had: Counter[str] = Counter()
    for _ in range(20):
        had[pick_and_speak(stage, 1)[0].job] += 1
        assert abs(had["a"] - had["b"]) <= 2
    assert stage.m("theta") == pytest.approx(15)
    stage.redis.hset(f"{P}:m", "theta", 9_000)
    pick_and_speak(stage, 140)
    assert stage.m("theta") < 9_000 / 4


def test_live_is_first_however_much_batch_waits(redis: Redis) -> None:
    """Classes, not a hope: the books were there first, and their deadlines are long past."""
    stage = PoolDriver(redis, slots=4)
    for user in ("hog1", "hog2"):
        backlog(stage, user, user, kind=JobKind.BATCH)
    stage.now += 9_000
    stage.accept("chat", *[1_000] * 3, user="ann")
    assert [message.job for message in stage.pick(3)] == ["chat"] * 3
    assert {message.job for message in stage.pick(2)} <= {"hog1", "hog2"}, "and then batch takes what live leaves"


def test_a_live_hog_does_not_wait_for_batch_of_its_own_user(redis: Redis) -> None:
    """Tags are kept per class: what a user's batch has had does not make its live jobs wait, nor the other way."""
    stage = PoolDriver(redis, slots=1)
    backlog(stage, "book", "ann", kind=JobKind.BATCH)
    speak_for(stage, 100)
    backlog(stage, "bob's", "bob", n=20)
    backlog(stage, "ann's", "ann", n=20)
    had = speak_for(stage, 30)
    assert had["ann"] == pytest.approx(had["bob"], rel=0.3)


def beside_a_book(redis: Redis) -> tuple[PoolDriver, list[TaskMessage]]:
    """Two slots that speak batch sentences of four seconds' cost, begun one after the other."""
    stage = PoolDriver(redis, slots=2, rtf=0.25)
    stage.accept("book", *[16_000] * 9, user="hog", kind=JobKind.BATCH, window_ms=10_000_000)
    stage.speaks(stage.pick_one(), 16_000)  # now it is known what a sentence costs
    messages = []
    for _ in range(2):
        messages += stage.pick(1)
        stage.takes("w1", messages[-1])
        stage.now += 100
    return stage, messages


def test_a_listeners_first_sentence_has_the_slot_of_the_batch_sentence_begun_last(redis: Redis) -> None:
    stage, messages = beside_a_book(redis)
    stage.accept("talk", 1_000, 1_000, user="ann")
    charged = stage.tag("hog", "B") or 0.0
    assert stage.pick_one().job == "talk"
    assert stage.tag("hog", "B") == pytest.approx(charged - 4_000), "it is not charged for what was taken from it"
    assert redis.lrange(f"{P}:drop:w1", 0, -1) == [f"book|2|{messages[1].attempt}".encode()]
    assert stage.finish(messages[1], 16_000) is FinishVerdict.STALE
    assert stage.in_flight() == 2
    assert redis.hget(f"{P}:n", "made_way") == b"1"


def test_nothing_makes_way_for_a_sentence_that_no_listener_needs_yet(redis: Redis) -> None:
    stage, _ = beside_a_book(redis)
    stage.accept("talk", 9_000, 1_000, user="ann")
    assert stage.pick_one().job == "talk"
    assert stage.pick(9) == [], "the second is heard in nine seconds; by then a slot will be free"
    stage.now += 6_000
    assert [message.job for message in stage.pick(9)] == [], "and what is half spoken is spoken to its end"


def test_a_batch_sentence_makes_way_once_and_is_then_spoken_whole(redis: Redis) -> None:
    stage, _ = beside_a_book(redis)
    stage.accept("talk", 1_000, user="ann")
    session = stage.pick_one()
    stage.speaks(session, 1_000)
    again = stage.pick_one()
    assert (again.job, again.seq) == ("book", 2)
    stage.takes("w1", again)
    stage.accept("other", 1_000, user="bob")
    assert [message.job for message in stage.pick(9)] == ["other"], "the first, which never made way, does"
    stage.accept("third", 1_000, user="cid")
    assert stage.pick(9) == []
    assert stage.finish(again, 16_000) is FinishVerdict.OK


def test_batch_keeps_its_reserved_share_beside_a_live_hog(redis: Redis) -> None:
    stage = PoolDriver(redis, reserve=0.05)
    backlog(stage, "talk", "hog", n=900)
    backlog(stage, "book", "ann", kind=JobKind.BATCH)
    had = speak_for(stage, 800)
    assert had["ann"] / 200_000 == pytest.approx(0.05, abs=0.01)


def test_the_reserve_pays_for_sentences_that_are_longer_than_usual(redis: Redis) -> None:
    """Credit is bounded, but not below what the next batch sentence costs: else it would wait for ever."""
    stage = PoolDriver(redis, reserve=0.1)
    stage.redis.hset(f"{P}:m", "theta", 300)
    backlog(stage, "talk", "hog", n=400)
    backlog(stage, "book", "ann", kind=JobKind.BATCH, ms=8_000)
    counts = Counter(stage.job(message.job, "user") for message in pick_and_speak(stage, 200))
    assert counts["ann"] >= 2


def pick_and_speak(stage: PoolDriver, rounds: int) -> list[TaskMessage]:
    messages = []
    for _ in range(rounds):
        message = stage.pick_one()
        stage.speaks(message, 1_000)
        messages.append(message)
    return messages


def test_credit_is_bounded_however_large_the_reserve(redis: Redis) -> None:
    """Batch that waited for a sentence does not then have the pool for itself."""
    stage = PoolDriver(redis, reserve=0.9)
    stage.redis.hset(f"{P}:m", "theta", 400)
    backlog(stage, "book", "ann", kind=JobKind.BATCH)
    stage.redis.hset(f"{P}:m", "rtf", 0.1)
    backlog(stage, "talk", "hog", n=40)
    for _ in range(40):
        stage.speaks(stage.pick_one(), 1_000)
        assert 0 <= stage.m("credit") <= 400


def test_the_earliest_deadline_among_the_eligible_is_first(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=2)
    stage.accept("later", 1_000, user="ann", target_ms=900)
    stage.accept("sooner", 1_000, user="bob", target_ms=100)
    assert [message.job for message in stage.pick(2)] == ["sooner", "later"]


def test_priority_decides_within_a_user_and_never_between_users(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=4)
    stage.accept("low", 1_000, user="ann", target_ms=0, priority=-3)
    stage.accept("high", 1_000, user="ann", target_ms=800, priority=5)
    stage.accept("bob's", 1_000, user="bob", target_ms=500)
    assert [message.job for message in stage.pick()] == ["bob's", "high", "low"]


def test_whom_a_grown_theta_makes_eligible_is_let_in(redis: Redis) -> None:
    """Theta follows the largest cost. A job that this lets in must be let in at once, not when all others are done."""
    stage = PoolDriver(redis)
    stage.redis.hset(f"{P}:m", "theta", 10)
    backlog(stage, "a", "ann", weight=0.1)
    backlog(stage, "b", "bob", n=9)
    backlog(stage, "c", "cid", n=9, target_ms=5_000)
    assert [message.job for message in pick_and_speak(stage, 1)] == ["a"]
    message = stage.pick_one()
    assert message.job == "b", "ann has had more than her share"
    stage.takes("w1", message)
    stage.finish(message, 1_000, wall_ms=9_000)
    assert stage.m("theta") > 10_000
    assert stage.pick_one().job == "a", "her sentence is due first, and her share is no reason any more"


def test_whom_a_shrunken_theta_puts_behind_is_not_lost(redis: Redis) -> None:
    """Who was eligible once stays so, whatever happens to it while theta falls: nothing would let it in again."""
    stage = PoolDriver(redis)
    stage.redis.hset(f"{P}:m", "theta", 3_000)
    backlog(stage, "a", "ann", weight=0.25)
    backlog(stage, "b", "bob", n=30)
    assert [message.job for message in pick_and_speak(stage, 2)] == ["a", "b"]
    stage.redis.hset(f"{P}:m", "theta", 10)
    stage.ack("a", 100)
    assert "a" in [message.job for message in pick_and_speak(stage, 2)]


def test_a_user_at_its_cap_does_not_hold_back_the_virtual_time(redis: Redis) -> None:
    """Else no other tag could be passed, and all others would wait beside free slots."""
    stage = PoolDriver(redis, slots=8)
    stage.redis.hset(f"{P}:m", "theta", 300)
    backlog(stage, "a", "ann", limits=UserLimits(in_flight=1))
    backlog(stage, "b", "bob")
    picked = Counter(message.job for message in stage.pick())
    assert picked == {"a": 1, "b": 9}
    assert stage.tag("ann") is None
    assert stage.tag("bob") is not None


def test_a_cap_spans_both_classes_and_ends_with_what_is_spoken(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=4)
    backlog(stage, "book", "ann", kind=JobKind.BATCH, limits=UserLimits(in_flight=2))
    backlog(stage, "talk", "ann", limits=UserLimits(in_flight=2))
    messages = stage.pick()
    assert [message.job for message in messages] == ["talk", "talk"]
    assert stage.tag("ann", "B") is None
    stage.speaks(messages[0], 1_000)
    assert stage.tag("ann", "B") is not None, "both classes are looked at again"


def test_taking_a_cap_away_frees_both_classes(redis: Redis) -> None:
    """The book waited at the cap; without the cap nothing else would ever look at it again."""
    stage = PoolDriver(redis, slots=4)
    stage.accept("talk", 1_000, user="ann", limits=UserLimits(in_flight=1))
    backlog(stage, "book", "ann", kind=JobKind.BATCH, limits=UserLimits(in_flight=1))
    assert [message.job for message in stage.pick()] == ["talk"]
    stage.accept("more", 1_000, user="ann")
    assert {message.job for message in stage.pick()} == {"more", "book"}


def test_a_user_that_comes_back_neither_gains_nor_loses(redis: Redis) -> None:
    """Away, it saves up nothing; and leaving does not wash off what it had more than its share."""
    stage = PoolDriver(redis)
    backlog(stage, "a", "ann", n=2)
    backlog(stage, "b", "bob")
    for message in stage.pick(2):
        stage.speaks(message, 1_000)
    speak_for(stage, 40)
    backlog(stage, "a2", "ann")
    assert stage.tag("ann") == pytest.approx(stage.m("V_L")), "it begins where the others are"


def test_no_slot_stays_free_while_a_lost_jobs_keys_stand_in_the_way(redis: Redis) -> None:
    """If a job's keys are gone (deleted by hand, expired while all was down), its user and all others go on."""
    stage = PoolDriver(redis, slots=3)
    stage.accept("lost", 1_000, user="ann", target_ms=0)
    stage.accept("kept", 1_000, user="ann")
    stage.accept("other", 1_000, user="bob")
    redis.delete(f"{P}:j:lost", f"{P}:jt:lost")
    assert {message.job for message in stage.do(pick(POOL, 9, 4_000).at(stage.now))} == {"kept", "other"}
    stage.sweep()
    assert stage.m("demand") == pytest.approx(0.5), "what it had reserved is free again"
    assert int(stage.m("jobs")) == 2
