"""Admission: what is accepted, what is refused and when it may come again (docs/explanation/architecture.md)."""

from dataclasses import replace
from typing import Any

import pytest
from redis import Redis

from seriatim.engine_abilities import Abilities
from seriatim.lua.pool_records import SubmitVerdict, WorkerRegistration
from seriatim.lua.pool_scripts import register, tune
from seriatim.records import DrainMode, JobKind
from seriatim.state.pool_record import read_pool
from seriatim.state.worker_record import read_workers
from seriatim.user_limits import UserLimits
from tests.scripts.pool.pool_driver import LEASE_MS, POOL, P, PoolDriver


def test_a_live_job_that_would_silence_a_listener_is_refused_with_a_time(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=1, rtf=0.4, reserve=0.05)
    stage.accept("one", *[1_000] * 10, user="ann")
    stage.accept("two", *[1_000] * 4, user="bob")
    refused = stage.submit("three", 1_000, user="cid")
    assert refused.verdict is SubmitVerdict.BUSY
    assert refused.retry_after_ms == 4_200, "bob's four seconds, and a moment"
    assert stage.job("three", "state") == "", "nothing is left of it"
    stage.now += 4_000
    while stage.job("two", "state") == "run":
        stage.speaks(stage.pick_one(), 1_000)
    assert stage.submit("three", 1_000, user="cid").verdict is SubmitVerdict.ACCEPTED


def test_admission_leaves_batch_its_reserve(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=1, rtf=0.5, reserve=0.05)
    stage.accept("one", 1_000, user="ann")
    assert stage.submit("two", 1_000, user="bob").verdict is SubmitVerdict.BUSY, "two would fit, but for the reserve"


def test_a_pool_that_is_slower_than_speech_speaks_one_at_a_time(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=1, rtf=3.0)
    stage.accept("one", 1_000)
    assert stage.submit("two", 1_000, user="bob").verdict is SubmitVerdict.BUSY


def test_a_listener_at_double_speed_needs_twice_the_pool(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=2, rtf=0.25)
    stage.accept("fast", 1_000, speed=2.0)
    assert stage.m("demand") == 0.5


def test_live_needs_a_worker_and_batch_can_wait_for_one(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=0)
    refused = stage.submit("talk", 1_000)
    assert (refused.verdict, refused.retry_after_ms) == (SubmitVerdict.NO_WORKERS, 2_000)
    assert stage.submit("book", 1_000, kind=JobKind.BATCH).verdict is SubmitVerdict.ACCEPTED
    assert stage.pick() == []
    stage.hire("w1")
    assert stage.pick_one().job == "book"


def test_an_idempotency_key_names_the_job_of_its_user_only(redis: Redis) -> None:
    """Even where a user and a key together read the same: no user hears another's audio."""
    stage = PoolDriver(redis, slots=4)
    stage.accept("first", 1_000, user="ann", idempotency_key="k")
    again = stage.submit("second", 1_000, user="ann", idempotency_key="k")
    assert (again.verdict, again.job) == (SubmitVerdict.DUPLICATE, "first")
    stage.accept("third", 1_000, user="bob", idempotency_key="k")
    stage.accept("fourth", 1_000, user="eve:x", idempotency_key="y")
    stage.accept("fifth", 1_000, user="eve", idempotency_key="x:y")


def test_a_key_stands_for_one_text(redis: Redis) -> None:
    """Fewer sentences, more, or one of them another: that is another job."""
    stage = PoolDriver(redis, slots=4)
    key: dict[str, Any] = {"idempotency_key": "k", "spec_digest": "a voice", "cut": "so"}
    stage.accept("first", 1_000, 1_000, 1_000, **key)
    others: list[tuple[int, dict[str, Any]]] = [(2, {}), (4, {}), (3, {"spec_digest": "another voice"})]
    for n, options in others:
        again = stage.submit("second", *[1_000] * n, **(key | options))
        assert (again.verdict, again.job) == (SubmitVerdict.CONFLICT, "first")
    same: list[tuple[int, dict[str, Any]]] = [(2, {"closed": False}), (3, {}), (3, {"drain": DrainMode.STORE})]
    for n, options in same:
        again = stage.submit("second", *[900] * n, **(key | options))
        assert (again.verdict, again.job, again.drain) == (SubmitVerdict.DUPLICATE, "first", DrainMode.WINDOW)
    recut = stage.submit("second", *[900] * 3, idempotency_key="k", spec_digest="a voice", cut="otherwise")
    assert (recut.verdict, recut.cut) == (SubmitVerdict.RECUT, "so")


def test_a_job_that_is_over_and_gone_does_not_hold_its_key(redis: Redis) -> None:
    """It could not be heard any more, unless it is in the store."""
    for drain, known in ((DrainMode.WINDOW, "again"), (DrainMode.STORE, "first")):
        stage = PoolDriver(redis, slots=4)
        stage.accept("first", 1_000, user="ann", idempotency_key="k", drain=drain)
        redis.delete(f"{P}:j:first")
        assert stage.submit("again", 1_000, user="ann", idempotency_key="k", drain=drain).job == known
        redis.flushall()


def test_a_submit_that_is_sent_again_changes_nothing(redis: Redis) -> None:
    stage = PoolDriver(redis)
    stage.accept("j", 1_000, 1_000)
    before = stage.held()
    assert stage.submit("j", 1_000, 1_000).verdict is SubmitVerdict.DUPLICATE
    assert stage.held() == before
    stage.cancel("j")
    assert stage.submit("j", 1_000, 1_000).verdict is SubmitVerdict.DUPLICATE, "nor after its end"


def test_caps_of_a_user(redis: Redis) -> None:
    """On jobs, on queued audio; one job that is over the cap alone can never come in."""
    stage = PoolDriver(redis, slots=9)
    stage.accept("a", 4_000, limits=UserLimits(jobs=2, queued_s=9))
    assert stage.submit("b", 6_000, limits=UserLimits(queued_s=9)).verdict is SubmitVerdict.CAP_QUEUED
    assert stage.submit("b", 9_001, limits=UserLimits(queued_s=9)).verdict is SubmitVerdict.TOO_LARGE
    stage.accept("b", 1_000)
    assert stage.submit("c", 1_000, limits=UserLimits(jobs=2)).verdict is SubmitVerdict.CAP_JOBS
    assert stage.submit("c", 9_000, user="bob", limits=UserLimits(jobs=2, queued_s=9)).verdict is SubmitVerdict.ACCEPTED
    stage.speaks(stage.pick_one(), 4_000)
    assert stage.submit("d", 8_000, limits=UserLimits(jobs=2, queued_s=9)).verdict is SubmitVerdict.ACCEPTED


def test_a_job_with_nothing_to_say_is_over_at_once(redis: Redis) -> None:
    stage = PoolDriver(redis)
    stage.accept("empty")
    assert stage.job("empty", "state") == "spoken"
    assert (stage.m("demand"), stage.m("jobs")) == (0, 0)
    assert ":u:ann" not in stage.held()


def test_a_pool_has_one_rate(redis: Redis) -> None:
    stage = PoolDriver(redis)
    other = WorkerRegistration(1, 24_000, "exact", 0.25, 1.0, 0.05, "[]", "tone", "here", 1, 0)
    assert stage.do(register(POOL, "w2", LEASE_MS, other).at(stage.now)).rate_hz == 8_000
    assert stage.m("slots") == 1
    stage.leave("w1", died=False)
    assert stage.do(register(POOL, "w2", LEASE_MS, other).at(stage.now)).rate_hz == 0


def test_what_ended_leaves_no_demand_behind(redis: Redis) -> None:
    """Sums of fractions drift; with the last job they are nothing again."""
    stage = PoolDriver(redis, slots=40, rtf=0.1)
    for i in range(30):
        stage.accept(f"j{i}", 1_000, user=f"u{i % 3}", speed=1 + i / 7)
    for i in range(30):
        stage.cancel(f"j{i}")
    assert stage.redis.hget(f"{P}:m", "demand") == b"0"


def test_tune_changes_a_running_job_only(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=4)
    stage.accept("a", 1_000, 1_000)
    stage.accept("b", 1_000, target_ms=900)
    assert stage.do(tune(POOL, "b", priority=3, weight=2.0).at(stage.now)) is True
    assert [message.job for message in stage.pick()] == ["b", "a", "a"]
    assert stage.do(tune(POOL, "never", priority=3).at(stage.now)) is False


@pytest.mark.parametrize("reason", ["enough", "a|b|c", ""])
def test_a_cancel_is_a_to_do_until_both_slots_agree(redis: Redis, reason: str) -> None:
    stage = PoolDriver(redis)
    stage.accept("j", 1_000)
    entry = stage.cancel("j", reason)
    assert entry.split("|", 3) == ["end", "j", "cancelled", reason]
    assert stage.cancel("j", reason) == "", "the pool's part is over"
    assert entry in stage.sweep().todo


def test_what_workers_can_do_is_known_while_they_are_there(redis: Redis) -> None:
    """Each different answer once: producers ask for what all of them can do (seriatim/engine_abilities.py)."""
    stage = PoolDriver(redis, slots=0)

    def known() -> list[str]:
        return [abilities.engine for abilities in read_pool(redis, POOL).abilities]

    assert known() == []
    for owner, engine in (("a", "one"), ("b", "two"), ("c", "two")):
        facts = WorkerRegistration(1, 8_000, "exact", 0.25, 1.0, 0.05, "[]", engine, "here", 1, 0)
        stage.do(register(POOL, owner, 3_000, replace(facts, abilities=Abilities(engine).to_json())).at(stage.now))
    stage.hire("of a version that does not say")
    assert sorted(known()) == ["one", "two"]
    stage.leave("a", died=False)
    assert known() == ["two"]
    stage.leave("b", died=True)
    assert known() == ["two"]
    stage.leave("c", died=False)
    assert known() == []


def test_a_pools_fingerprint_is_that_of_a_worker_which_is_there(redis: Redis) -> None:
    """Kept as long as one has it; then it is that of the worker that was registered first."""
    stage = PoolDriver(redis, slots=0)
    fingerprints = []
    for owner, fingerprint in (("z", "A"), ("y", "B"), ("x", "C"), ("w", ""), ("v", "A")):
        stage.now += 10
        stage.hire(owner, fingerprint=fingerprint)
        fingerprints.append(read_pool(redis, POOL).fingerprint)
    assert fingerprints == ["A"] * 5
    (states,) = read_workers(redis, [read_pool(redis, POOL)])
    assert {state.owner for state in states if state.audio_differs} == {"x", "y"}
    for owner, left in (("z", "A"), ("v", "B"), ("y", "C"), ("x", "C"), ("w", "C")):
        stage.leave(owner, died=owner == "v")
        assert read_pool(redis, POOL).fingerprint == left, owner
    stage.hire("u", fingerprint="D")
    assert read_pool(redis, POOL).fingerprint == "D", "none of the old kind is left"


def test_workers_that_died_give_no_fingerprint(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=0)
    stage.hire("a", fingerprint="A")
    stage.now += 2_000
    stage.hire("b", fingerprint="B")
    stage.now += LEASE_MS - 1_500
    stage.sweep()
    assert read_pool(redis, POOL).fingerprint == "B"
